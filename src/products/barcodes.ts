import { z } from 'zod';

export const MAX_BARCODES = 20;
/** Between the barcodes of a product, which contain no comma. */
export const BARCODE_SEPARATOR = ', ';
const SHOWN_LENGTH = 60;

export type BarcodeKind = 'ean8' | 'upcA' | 'ean13' | 'isbn' | 'itf14' | 'own';
type BarcodeProblem = 'checkDigit' | 'characters';

/** GTIN-8, -12 (UPC-A), -13 (EAN-13, ISBN-13) and -14 (ITF-14). */
const GTIN = /^(?:\d{8}|\d{12,14})$/;
const ISBN_10 = /^\d{9}[\dX]$/;
/** Any other that a scanner reads, with a digit: visible ASCII without what separates or encloses barcodes. */
const OWN = /^(?=.*\d)[!#-)+\-./0-:<-[\]-{}~]{3,48}$/;
/** An own barcode that would be taken for a GTIN or an ISBN. */
const MARKED_AS_OWN = /^\*\s*(.*?)\s*\*$/;

/** GS1 General Specifications, 7.9: from the right, each digit counts once and three times in turn. */
function isGtin(digits: string): boolean {
  return GTIN.test(digits) && weightedSum(digits) % 10 === 0;
}

function weightedSum(digits: string): number {
  return Array.from(digits)
    .reverse()
    .reduce((sum, digit, place) => sum + Number(digit) * (place % 2 === 0 ? 1 : 3), 0);
}

/** ISBN Users' Manual: the sum of the digits, weighted 10 to 1, is divisible by 11; X is 10. */
function isIsbn10(text: string): boolean {
  if (!ISBN_10.test(text)) return false;
  const digits = Array.from(text, (digit) => (digit === 'X' ? 10 : Number(digit)));
  return digits.reduce((sum, digit, index) => sum + digit * (10 - index), 0) % 11 === 0;
}

function isbn13Of(isbn10: string): string {
  const digits = `978${isbn10.slice(0, 9)}`;
  return `${digits}${(10 - (weightedSum(`${digits}0`) % 10)) % 10}`;
}

/** The digits of what looks like a GTIN or an ISBN; ISBNs may have hyphens. */
function numberIn(text: string): string | undefined {
  const compact = text.replace(/\s/g, '').toUpperCase();
  if (GTIN.test(compact)) return compact;
  const digits = compact.replaceAll('-', '');
  return ISBN_10.test(digits) || /^\d{13}$/.test(digits) ? digits : undefined;
}

type ReadBarcode = { value: string } | { problem: BarcodeProblem };

/** ISBN-10 becomes ISBN-13; other barcodes stay as typed, without spaces. */
export function readBarcode(typed: string): ReadBarcode {
  const text = typed.trim();
  const own = MARKED_AS_OWN.exec(text)?.[1];
  if (own === undefined) return readUnmarked(text);
  const unmarked = readUnmarked(own);
  if ('value' in unmarked && unmarked.value === own) return unmarked;
  return OWN.test(own) ? { value: `*${own}*` } : { problem: 'characters' };
}

function readUnmarked(text: string): ReadBarcode {
  const number = numberIn(text);
  if (number === undefined) return OWN.test(text) ? { value: text } : { problem: 'characters' };
  if (isGtin(number)) return { value: number };
  return isIsbn10(number) ? { value: isbn13Of(number) } : { problem: 'checkDigit' };
}

/** For comparing what `readBarcode` gave: UPC-A as EAN-13. Repeated in `BARCODE_KEY` and mysql/triggers.sql. */
export function barcodeKey(value: string): string {
  return GTIN.test(value) ? value.padStart(14, '0') : value.replaceAll('*', '').toUpperCase();
}

/** The keys that a scanned or typed text may mean; none if it cannot be a barcode. */
export function keysOfScan(text: string): string[] {
  const scanned = text.normalize('NFKC').trim();
  const content = MARKED_AS_OWN.exec(scanned)?.[1] ?? scanned;
  const number = numberIn(content);
  if (number !== undefined && isGtin(number)) return [barcodeKey(number)];
  return [
    ...(number !== undefined && isIsbn10(number) ? [barcodeKey(isbn13Of(number))] : []),
    ...(OWN.test(content) ? [content.toUpperCase()] : []),
  ];
}

export function splitBarcodes(barcodes: string): string[] {
  return barcodes === '' ? [] : barcodes.split(BARCODE_SEPARATOR);
}

export function kindOf(value: string): BarcodeKind {
  if (!GTIN.test(value)) return 'own';
  // 979-0 is printed music.
  if (value.length === 13 && /^97(?:8|9[1-9])/.test(value)) return 'isbn';
  return ({ 8: 'ean8', 12: 'upcA', 13: 'ean13', 14: 'itf14' } as const)[value.length as 8 | 12 | 13 | 14];
}

export function hasIsbn(typed: string): boolean {
  return typed.split(/[\p{Cc},;|]+/u).some((barcode) => {
    const read = readBarcode(barcode);
    return 'value' in read && kindOf(read.value) === 'isbn';
  });
}

/** One a line, or separated by commas, semicolons or bars. Of equal ones, the first stays. */
export const barcodesField = z
  .string()
  .default('')
  .transform((text, context) => {
    const typed = text
      .toWellFormed()
      .normalize('NFKC')
      .replace(/\p{Cf}/gu, '')
      .split(/[\p{Cc},;|]+/u)
      .map((barcode) => barcode.trim())
      .filter((barcode) => barcode !== '');
    const values = new Map<string, string>();
    for (const barcode of typed) {
      const read = readBarcode(barcode);
      if ('problem' in read) {
        const params = { barcode: shorten(barcode) };
        context.addIssue({ code: 'custom', message: `product.errors.barcode.${read.problem}`, params });
        return z.NEVER;
      }
      const key = barcodeKey(read.value);
      if (!values.has(key)) values.set(key, read.value);
    }
    if (values.size > MAX_BARCODES) {
      const params = { maximum: MAX_BARCODES };
      context.addIssue({ code: 'custom', message: 'product.errors.barcode.count', params });
    }
    return [...values.values()].join(BARCODE_SEPARATOR);
  });

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length > SHOWN_LENGTH ? `${characters.slice(0, SHOWN_LENGTH - 1).join('')}…` : text;
}
