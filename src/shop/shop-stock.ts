import type { TFunction } from 'i18next';
import { formatNumber } from '../http/i18n.ts';
import type { Language } from '../locales/languages.ts';
import { unitWord, type Unit } from '../products/unit-queries.ts';

/** With so many or fewer left, the shop says how many. Of more, competitors need not know. */
const LAST = 5;

export interface ShopStock {
  state: 'in' | 'last' | 'out';
  /** What nobody else has been promised; at most `LAST` is shown. */
  quantity: number;
  unit: Unit;
}

export function stockOf(availableToPromise: number, unit: Unit): ShopStock {
  const quantity = Math.max(0, availableToPromise);
  return { state: quantity === 0 ? 'out' : quantity <= LAST ? 'last' : 'in', quantity, unit };
}

interface Reader {
  t: TFunction;
  language: Language;
}

export function stockText({ state, quantity, unit }: ShopStock, { t, language }: Reader): string {
  if (state !== 'last') return t(`shop.stock.${state}`);
  if (unit.decimals === 0) return t('shop.stock.last', { count: quantity });
  return t('shop.stock.left', { quantity: formatNumber(quantity, language), unit: unitWord(quantity, unit) });
}
