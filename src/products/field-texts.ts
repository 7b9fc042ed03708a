import { installedCurrency } from '../config/currency.ts';
import { DECIMAL_MARKS, formatMoney, formatRate, typedDecimal } from '../locales/money.ts';
import type { Language } from '../locales/languages.ts';
import { choiceName } from './book-choices.ts';
import { flagName } from './flags.ts';
import { fieldOf, FIELD_KEYS, type FieldKey } from './product-fields.ts';

/** Null, of an amount: not known. */
export type FieldValue = string | number | null;

export function formText(key: FieldKey, value: FieldValue, language: Language): string {
  const { amount, hasNone, isFlag } = fieldOf(key);
  if (typeof value !== 'number') return value ?? '';
  if (hasNone && value === 0) return '';
  if (isFlag) return value === 1 ? 'yes' : 'no';
  if (amount === 'weight') return String(value);
  if (!amount) return String(value).replace('.', DECIMAL_MARKS[language]);
  return amount === 'rate'
    ? formatRate(value, language)
    : typedDecimal(value, installedCurrency().decimals, language);
}

/** In hidden fields, which a form in another language may send back. */
export function hiddenText(key: FieldKey, value: FieldValue, language: Language): string {
  const { amount, isFlag } = fieldOf(key);
  return typeof value === 'number' && !amount && !isFlag ? String(value) : formText(key, value, language);
}

export function shownText(key: FieldKey, value: FieldValue, language: Language): string {
  const { amount, choices, isFlag } = fieldOf(key);
  if (isFlag && typeof value === 'number') return flagName(value, language);
  if (choices && typeof value === 'string') return choiceName(choices, value, language);
  return amount === 'money' && typeof value === 'number'
    ? formatMoney(value, language, installedCurrency())
    : formText(key, value, language);
}

/** Of a field that may be one of an earlier version. */
export function shownValueOf(field: string, value: unknown, language: Language): string {
  const key = FIELD_KEYS.find((one) => one === field);
  const known = (value ?? '') as string | number;
  return key ? shownText(key, known, language) : String(known);
}
