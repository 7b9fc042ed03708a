import type { TFunction } from 'i18next';
import { z } from 'zod';
import { installedCurrency } from '../config/currency.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import type { Language } from '../locales/languages.ts';
import { typedDecimal } from '../locales/money.ts';
import { line, moneyField, optionalText, rateField, weightField } from '../products/field-rules.ts';
import { MAX_RATES, type ShopSettings } from './delivery-queries.ts';
import type { Area, StoredMethod, StoredZone } from './delivery-changes.ts';

/** A zone's countries, each with its regions. */
export const MAX_AREA_ROWS = 20;
const MAX_REGIONS = 60;
/** In a form, for every other country: an empty choice is none. */
export const EVERYWHERE = '*';
const EMPTY_ROWS = 3;

const name = line(100, { missing: 'shopDelivery.errors.name', tooLong: 'shopDelivery.errors.nameLength' });
const version = z.coerce.number().int().min(0).catch(0);
const box = z
  .string()
  .optional()
  .transform((text) => text === '1');

const days = z
  .string()
  .default('')
  .transform((text) => text.trim())
  .pipe(z.string().regex(/^(?:\d{1,2}|[12]\d\d|3[0-5]\d|36[0-5])?$/, 'shopDelivery.errors.days'))
  .transform((text) => (text === '' ? null : Number(text)));

const trackingUrl = optionalText(300, 'shopDelivery.errors.text').refine(
  (text) => text === '' || (/^https:\/\/\S+$/.test(text) && text.includes('{number}')),
  'shopDelivery.errors.trackingUrl',
);

const zoneForm = z.object({ name, version });

const methodForm = z
  .object({
    name,
    version,
    carrier: line(50, {
      missing: 'shopDelivery.errors.carrier',
      tooLong: 'shopDelivery.errors.carrierLength',
    }),
    trackingUrl,
    daysFrom: days,
    daysTo: days,
    freeFrom: moneyField,
    takesCash: box,
    isOffered: box,
  })
  .refine(({ daysFrom, daysTo }) => daysFrom === null || daysTo === null || daysFrom <= daysTo, {
    path: ['daysTo'],
    error: 'shopDelivery.errors.daysOrder',
  });

export const settingsForm = z.object({
  version,
  transferText: optionalText(1000, 'shopDelivery.errors.text', { keepsLines: true }),
  pickUpText: optionalText(500, 'shopDelivery.errors.text', { keepsLines: true }),
  defaultWeight: weightField.refine((grams) => grams !== null, 'shopDelivery.errors.defaultWeight'),
  deliveryTaxRate: rateField.transform((rate) => rate ?? 0),
});

export type ZoneInput = z.output<typeof zoneForm> & { areas: Area[] };
export type MethodInput = z.output<typeof methodForm> & {
  rates: { maxWeight: number | null; minAmount: number; price: number }[];
};

type Body = Record<string, unknown>;

function textIn(body: Body, field: string): string {
  const value = body[field];
  return typeof value === 'string' ? value.trim() : '';
}

export function readZone(body: unknown, t: TFunction): FormResult<ZoneInput> {
  const given = (body ?? {}) as Body;
  const form = readForm(zoneForm, given, t);
  const errors = form.ok ? {} : form.errors;
  const areas: Area[] = [];
  for (let row = 0; row < MAX_AREA_ROWS; row++) {
    const country = textIn(given, `country${row}`);
    const regions = textIn(given, `regions${row}`)
      .split(',')
      .map((region) => region.trim())
      .filter(Boolean);
    if (country === '') continue;
    if (country === EVERYWHERE && regions.length > 0)
      errors[`regions${row}`] = t('shopDelivery.errors.regionsElsewhere');
    else if (regions.length > MAX_REGIONS || regions.some((region) => Array.from(region).length > 80))
      errors[`regions${row}`] = t('shopDelivery.errors.text');
    else if (country !== EVERYWHERE && !/^[A-Z]{2}$/.test(country)) errors.areas = t('errors.field');
    else {
      const code = country === EVERYWHERE ? '' : country;
      areas.push(...(regions.length > 0 ? regions : ['']).map((region) => ({ country: code, region })));
    }
  }
  if (areas.length === 0 && Object.keys(errors).every((field) => field === 'name'))
    errors.areas = t('shopDelivery.errors.areas');
  if (!form.ok || Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, data: { ...form.data, areas } };
}

const rateForm = z.object({ maxWeight: weightField, minAmount: moneyField, price: moneyField });

export function readMethod(body: unknown, t: TFunction): FormResult<MethodInput> {
  const given = (body ?? {}) as Body;
  const form = readForm(methodForm, given, t);
  const errors = form.ok ? {} : form.errors;
  const rates: MethodInput['rates'] = [];
  for (let row = 0; row < MAX_RATES; row++) {
    const [maxWeight, minAmount, price] = ['maxWeight', 'minAmount', 'price'].map((field) =>
      textIn(given, `${field}${row}`),
    );
    if (!maxWeight && !minAmount && !price) continue;
    const read = readForm(rateForm, { maxWeight, minAmount, price }, t);
    if (!read.ok) for (const [field, text] of Object.entries(read.errors)) errors[`${field}${row}`] = text;
    else if (read.data.price === null) errors[`price${row}`] = t('shopDelivery.errors.ratePrice');
    else rates.push({ ...read.data, minAmount: read.data.minAmount ?? 0, price: read.data.price });
  }
  const hasRateError = Object.keys(errors).some((field) => /\d$/.test(field));
  if (rates.length === 0 && !hasRateError) errors.rates = t('shopDelivery.errors.rates');
  if (!form.ok || Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, data: { ...form.data, rates } };
}

type Typed = Record<string, string>;

/** As it was typed; what is missing is empty. */
export function typedIn(body: unknown): Typed {
  const entries = Object.entries((body ?? {}) as Body).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(entries) as Typed;
}

/** A country a row, its regions in it. */
export function zoneValues({ name, version, areas }: StoredZone): Typed {
  const byCountry = Map.groupBy(areas, ({ country }) => country);
  const rows = [...byCountry].flatMap(([country, all], row) => [
    [`country${row}`, country === '' ? EVERYWHERE : country],
    [
      `regions${row}`,
      all
        .map(({ region }) => region)
        .filter(Boolean)
        .join(', '),
    ],
  ]);
  return { name, version: String(version), ...(Object.fromEntries(rows) as Typed) };
}

export function methodValues(method: StoredMethod, language: Language): Typed {
  const money = (amount: number | null) =>
    amount === null ? '' : typedDecimal(amount, installedCurrency().decimals, language);
  const rows = method.rates.flatMap(({ maxWeight, minAmount, price }, row) => [
    [`maxWeight${row}`, maxWeight === null ? '' : `${maxWeight} g`],
    [`minAmount${row}`, minAmount === 0 ? '' : money(minAmount)],
    [`price${row}`, money(price)],
  ]);
  return {
    ...{ name: method.name, carrier: method.carrier, trackingUrl: method.trackingUrl },
    version: String(method.version),
    daysFrom: method.daysFrom === null ? '' : String(method.daysFrom),
    daysTo: method.daysTo === null ? '' : String(method.daysTo),
    freeFrom: money(method.freeFrom),
    takesCash: method.takesCash ? '1' : '',
    isOffered: method.isOffered ? '1' : '',
    ...(Object.fromEntries(rows) as Typed),
  };
}

export function settingsValues(settings: ShopSettings, language: Language): Typed {
  const { transferText, pickUpText, defaultWeight, deliveryTaxRate, version: current } = settings;
  return {
    ...{ transferText, pickUpText, version: String(current), defaultWeight: `${defaultWeight} g` },
    deliveryTaxRate: typedDecimal(deliveryTaxRate, 2, language),
  };
}

/** The rows that are filled in, and some to fill in. */
export function rowCount(values: Typed, field: string, max: number): number {
  const filled = Object.keys(values)
    .filter((name) => name.startsWith(field) && values[name] !== '')
    .map((name) => Number(name.slice(field.length)))
    .filter(Number.isInteger);
  return Math.min(max, Math.max(-1, ...filled) + 1 + EMPTY_ROWS);
}
