import type { TFunction } from 'i18next';
import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { z } from 'zod';
import { installedCurrency } from '../config/currency.ts';
import { readForm } from '../http/forms.ts';
import type { Language } from '../locales/languages.ts';
import { decimalText, typedDecimal } from '../locales/money.ts';
import { moneyField } from '../products/field-rules.ts';

/** Of sale prices, in minor units of the currency, both inclusive. No range holds a product without a price. */
export interface PriceRange {
  minPrice?: number | undefined;
  maxPrice?: number | undefined;
}

/** In addresses, too. */
export const PRICE_NAMES = ['minPrice', 'maxPrice'] as const;
type PriceName = (typeof PRICE_NAMES)[number];

/** As people type it in any language, and as `priceQuery` writes it. */
export const priceField = moneyField.transform((amount) => amount ?? undefined);

export function isInOrder({ minPrice, maxPrice }: PriceRange): boolean {
  return minPrice === undefined || maxPrice === undefined || minPrice <= maxPrice;
}

export const OUT_OF_ORDER = { error: 'list.errors.maxPrice', path: ['maxPrice'] };

const typedRange = z.object({ minPrice: priceField, maxPrice: priceField }).refine(isInOrder, OUT_OF_ORDER);

export function hasPrices({ minPrice, maxPrice }: PriceRange): boolean {
  return minPrice !== undefined || maxPrice !== undefined;
}

/** The same in every language. */
export function priceQuery(range: PriceRange): Record<PriceName, string> {
  return textsOf(range, (amount, decimals) => decimalText(amount, decimals));
}

export interface PriceFields {
  applied: Record<PriceName, string>;
  /** As `applied`, but a wrong price as it was typed. */
  shown: Record<PriceName, string>;
  errors: Record<string, string>;
}

export function priceFields(
  query: unknown,
  range: PriceRange,
  { language, t }: { language: Language; t: TFunction },
): PriceFields {
  const applied = textsOf(range, (amount, decimals) => typedDecimal(amount, decimals, language));
  const read = readForm(typedRange, query, t);
  if (read.ok) return { applied, shown: applied, errors: {} };
  const typed = query as Record<string, unknown>;
  const shown = { ...applied };
  for (const name of PRICE_NAMES) {
    if (read.errors[name]) shown[name] = z.string().catch('').parse(typed[name]);
  }
  return { applied, shown, errors: read.errors };
}

function textsOf(range: PriceRange, write: (amount: number, decimals: number) => string) {
  const { decimals } = installedCurrency();
  const text = (name: PriceName) => {
    const amount = range[name];
    return amount === undefined ? '' : write(amount, decimals);
  };
  return { minPrice: text('minPrice'), maxPrice: text('maxPrice') };
}

/** `price_order` is negative without a price. */
export function isPricedIn({ minPrice = 0, maxPrice }: PriceRange): RawBuilder<SqlBool> {
  const isUpTo = maxPrice === undefined ? sql`` : sql` AND product.price_order <= ${maxPrice}`;
  return sql<SqlBool>`product.price_order >= ${minPrice}${isUpTo}`;
}
