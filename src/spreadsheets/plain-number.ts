import type { Cell } from './spreadsheet.ts';

/** 15 significant digits, as Excel stores and shows numbers: 0.1 + 0.2 is 0.3. Longer ones have lost some already. */
export function plainNumber(value: string): Cell {
  if (/^\d{1,15}$/.test(value)) return value;
  if (!/^[+-]?(\d|\.\d)/.test(value)) return value;
  const number = Number(value);
  const text = String(Number(number.toPrecision(15)));
  return Number.isFinite(number) && Math.abs(number) < 1e15 && !text.includes('e')
    ? text
    : { is: 'digits', text: value };
}

/** Marks a number with decimals, which as a text might have thousands: 1.234. */
export function marked(plain: string): Cell {
  return plain.includes('.') ? { is: 'number', text: plain, plain } : plain;
}
