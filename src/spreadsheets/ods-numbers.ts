import { marked, plainNumber } from './plain-number.ts';
import type { Cell } from './spreadsheet.ts';

/** A number as it is shown. The program's language decides about separators, so 1,5 and 1.5 may be the same. */
export function shownNumber(value: string, shownText: string): Cell {
  const plain = plainNumber(value);
  const shown = withPoint(shownText.trim(), Number(value));
  if (typeof plain !== 'string') return plain;
  // Long numbers are shown with an exponent, as are those in narrow cells.
  if (shown === '' || shown === plain || /^[+-]?\d([.,]\d*)?e[+-]?\d+$/i.test(shown)) return marked(plain);
  const hasGroups = /\d[.,\s'’]\d{3}(?!\d)/.test(shown) && !isNear(shown, Number(value));
  return hasGroups ? { is: 'reshaped', text: plain, plain } : { is: 'number', text: shown, plain };
}

function withPoint(shown: string, value: number): string {
  const pointed = shown.replace(/^([+-]?\d+),(\d+)$/, '$1.$2');
  return isNear(pointed, value) ? pointed : shown;
}

function isNear(text: string, value: number): boolean {
  return Math.abs(Number(text) - value) < 1;
}
