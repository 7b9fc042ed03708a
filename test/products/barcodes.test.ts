import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  barcodeKey,
  barcodesField,
  keysOfScan,
  kindOf,
  readBarcode,
  splitBarcodes,
} from '../../src/products/barcodes.ts';
import { checkDigit, withCheckDigit } from '../support/barcodes.ts';

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: length, maxLength: length });
const gtin = fc
  .constantFrom(8, 12, 13, 14)
  .chain((length) => digits(length - 1))
  .map(withCheckDigit);
const own = fc
  .string({ unit: fc.constantFrom(...Array.from('abzABZ019-+./ $%#')), minLength: 3, maxLength: 48 })
  .map((text) => text.replaceAll(' ', '_'))
  .filter((text) => 'value' in readBarcode(text));

const valueOf = (text: string) => (readBarcode(text) as { value?: string }).value;

/** As the ISBN Users' Manual computes it: the tenth digit makes the weighted sum divisible by 11. */
function isbn10(nine: string): string {
  const sum = Array.from(nine).reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  const last = (11 - (sum % 11)) % 11;
  return nine + (last === 10 ? 'X' : String(last));
}

test('published barcodes are read, and each has its kind', () => {
  const published = [
    ['96385074', 'ean8'],
    ['036000291452', 'upcA'],
    ['4006381333931', 'ean13'],
    ['9788437604947', 'isbn'],
    ['9790060115615', 'ean13'],
    ['15400141288763', 'itf14'],
    ['00012345600012', 'itf14'],
  ] as const;
  for (const [barcode, kind] of published) {
    expect([barcode, valueOf(barcode), kindOf(barcode)]).toEqual([barcode, barcode, kind]);
  }
  expect(valueOf('84-376-0494-X')).toBe('9788437604947');
  expect(valueOf('84-376-0494-6')).toBeUndefined();
  expect(valueOf('0-8044-2957-X')).toBe('9780804429573');
  expect(valueOf('080442957x')).toBe('9780804429573');
  expect(valueOf('978-0-8044-2957-3')).toBe('9780804429573');
  expect(valueOf('0 306 40615 2')).toBe('9780306406157');
});

test('a GTIN is read with its check digit only', () => {
  fc.assert(
    fc.property(gtin, fc.integer({ min: 1, max: 9 }), (barcode, shift) => {
      expect(valueOf(barcode)).toBe(barcode);
      const wrong = `${barcode.slice(0, -1)}${(Number(barcode.at(-1)) + shift) % 10}`;
      expect(readBarcode(wrong)).toEqual({ problem: 'checkDigit' });
    }),
  );
});

test('one wrong digit anywhere in a GTIN is noticed', () => {
  fc.assert(
    fc.property(gtin, fc.nat(13), fc.integer({ min: 1, max: 9 }), (barcode, place, shift) => {
      const index = place % barcode.length;
      const digit = String((Number(barcode[index]) + shift) % 10);
      const wrong = barcode.slice(0, index) + digit + barcode.slice(index + 1);
      expect(readBarcode(wrong)).toEqual({ problem: 'checkDigit' });
    }),
  );
});

test('an ISBN-10 becomes the ISBN-13 of the same book, with hyphens or without', () => {
  fc.assert(
    fc.property(digits(9), fc.integer({ min: 1, max: 10 }), (nine, shift) => {
      const isbn = isbn10(nine);
      const expected = `978${nine}${checkDigit(`978${nine}`)}`;
      const hyphened = `${isbn.slice(0, 2)}-${isbn.slice(2, 5)}-${isbn.slice(5, 9)}-${isbn.slice(9)}`;
      for (const typed of [isbn, hyphened, isbn.toLowerCase(), ` ${isbn} `, `978${nine}${expected.at(-1)}`])
        expect([typed, valueOf(typed)]).toEqual([typed, expected]);
      const last = isbn.endsWith('X') ? 10 : Number(isbn.at(-1));
      const wrong = (last + shift) % 11;
      expect(readBarcode(nine + (wrong === 10 ? 'X' : String(wrong)))).toEqual({ problem: 'checkDigit' });
    }),
  );
});

test('a GTIN is the same with leading zeros: a UPC-A is an EAN-13, an EAN-13 an ITF-14', () => {
  fc.assert(
    fc.property(digits(11).map(withCheckDigit), (upc) => {
      const forms = [upc, `0${upc}`, `00${upc}`];
      expect(new Set(forms.map(barcodeKey))).toEqual(new Set([`00${upc}`]));
      // As typed, zeros and all; a repeated one is dropped.
      for (const form of forms) expect(barcodesField.parse(form)).toBe(form);
      expect(barcodesField.parse(forms.join('\n'))).toBe(upc);
    }),
  );
});

test('other barcodes are kept as typed; what looks like a GTIN or an ISBN stands between asterisks', () => {
  fc.assert(
    fc.property(own, (text) => {
      expect(valueOf(valueOf(text)!)).toBe(valueOf(text));
      expect(valueOf(`*${text}*`)).toBeDefined();
    }),
  );
  expect(['A-123', '0012', '2026-0001', 'LOTE/7#a'].map(valueOf)).toEqual([
    'A-123',
    '0012',
    '2026-0001',
    'LOTE/7#a',
  ]);
  expect(readBarcode('00001234')).toEqual({ problem: 'checkDigit' });
  expect(['*00001234*', '*A-123*', '*96385074*', '* 0012 *'].map(valueOf)).toEqual([
    '*00001234*',
    'A-123',
    '96385074',
    '0012',
  ]);
  for (const wrong of ['ab', 'abc', '12', 'á123', '1 2 3 a', 'a"1b', '1\\2', '1*23', 'x'.repeat(48), '🙂123'])
    expect([wrong, readBarcode(wrong)]).toEqual([wrong, { problem: 'characters' }]);
});

test('what is stored is read again as it is, and found by a scan of any of its forms', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(gtin, own), { maxLength: 20 }), (barcodes) => {
      const stored = barcodesField.parse(barcodes.join('\r\n'));
      for (const separator of [', ', ',', ';', '|', '\n\n']) {
        expect(barcodesField.parse(splitBarcodes(stored).join(separator))).toBe(stored);
      }
      for (const value of splitBarcodes(stored)) {
        const scanned = value.replaceAll('*', '');
        for (const text of [value, scanned, scanned.toLowerCase(), ` ${scanned} `])
          expect([text, keysOfScan(text)]).toEqual([text, expect.arrayContaining([barcodeKey(value)])]);
      }
    }),
  );
});

test('a search that cannot be a barcode has no key', () => {
  for (const text of ['', 'libro', 'tornillo 12 mm', '12', 'ñ123', '"123"', 'x'.repeat(49)])
    expect([text, keysOfScan(text)]).toEqual([text, []]);
  expect(keysOfScan('978 84 376 0494 7')).toEqual(['09788437604947']);
  expect(keysOfScan('0-8044-2957-X')).toEqual(['09780804429573', '0-8044-2957-X']);
});

test('at most twenty barcodes, and the first problem names its barcode', () => {
  const many = Array.from({ length: 21 }, (_, index) => `A-${index}`);
  expect(barcodesField.safeParse(many.slice(1).join('\n')).success).toBe(true);
  expect(barcodesField.safeParse(many.join('\n')).error?.issues[0]).toMatchObject({
    message: 'product.errors.barcode.count',
    params: { maximum: 20 },
  });
  expect(barcodesField.safeParse('A-1\n4006381333932\nab').error?.issues).toMatchObject([
    { message: 'product.errors.barcode.checkDigit', params: { barcode: '4006381333932' } },
  ]);
  // The longest text fits its column.
  const longest = Array.from(
    { length: 20 },
    (_, index) => `*${'1'.repeat(45)}-${String(index).padStart(2, '0')}*`,
  );
  expect(barcodesField.parse(longest.join('\n')).length).toBeLessThanOrEqual(1040);
});
