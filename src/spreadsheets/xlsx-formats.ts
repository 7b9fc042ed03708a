import { format } from 'numfmt';
import { marked, plainNumber } from './plain-number.ts';
import type { Cell } from './spreadsheet.ts';

const DAY_MS = 24 * 3600_000;
/** ECMA-376, 18.8.30: built-in formats of numbers. */
const BUILT_IN: Record<number, string> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  9: '0%',
  10: '0.00%',
  12: '# ?/?',
  13: '# ??/??',
  37: '#,##0_);(#,##0)',
  38: '#,##0_);(#,##0)',
  39: '#,##0.00_);(#,##0.00)',
  40: '#,##0.00_);(#,##0.00)',
};

/** How a style shows its cells. Absent `code`: numbers as they are. */
export interface CellFormat {
  isDate: boolean;
  code?: string;
  /** Whether texts are shown with an addition, as by `"ART-"@`. */
  changesText?: boolean;
}

export function cellFormat(id: number, ownCode: string | undefined): CellFormat {
  if (ownCode === undefined && isBuiltInDate(id)) return { isDate: true };
  const code = ownCode ?? BUILT_IN[id] ?? '';
  // Without quoted text, escapes, conditions and the words for "as it is".
  const letters = code
    .slice(0, 1000)
    .replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, '')
    .replace(/general|standard|estándar/gi, '');
  if (/[dmyhs]/i.test(letters)) return { isDate: true };
  const changesText = code.includes('@') && !/^\s*(text)?\s*$/.test(shownAs(code, 'text') ?? '');
  const isScientific = /e[+-]/i.test(letters);
  // A format of words alone, or none: General, Text.
  if (isScientific || (letters.replace(/[@;\s]/g, '') === '' && !/["\\]/.test(code)))
    return { isDate: false, ...(changesText && { code, changesText }) };
  return { isDate: false, code, changesText };
}

function isBuiltInDate(format: number): boolean {
  return (
    (format >= 14 && format <= 22) ||
    (format >= 27 && format <= 36) ||
    (format >= 45 && format <= 47) ||
    (format >= 50 && format <= 58)
  );
}

function shownAs(code: string, value: number | string): string | undefined {
  try {
    return format(code, value, { locale: 'en' }).trim();
  } catch {
    return undefined;
  }
}

export function shownText(text: string, { code, changesText }: CellFormat): string {
  return changesText ? shownAs(code!, text) || text : text;
}

/** A number as the spreadsheet shows it: 00123 for 123 in the format 00000. */
export function shownNumber(value: string, { code }: CellFormat): Cell {
  const plain = plainNumber(value);
  if (typeof plain !== 'string') return plain;
  if (code === undefined) return marked(plain);
  const number = Number(plain);
  if (Number.isNaN(number)) return plain;
  const shown = shownAs(code, number);
  if (shown === plain) return marked(plain);
  // Separators of thousands depend on the language of the program, and an exponent hides digits.
  if (!shown || /\d,\d|\de[+-]?\d/i.test(shown)) return { is: 'reshaped', text: plain, plain };
  return { is: 'number', text: shown, plain };
}

/** @param serial days since 1899-12-30, or since 1904-01-01 */
export function isoDate(serial: number, startsIn1904: boolean): string {
  const start = startsIn1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  const date = new Date(start + Math.round(serial * DAY_MS));
  if (Number.isNaN(date.getTime())) return String(serial);
  const text = date.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ');
}
