import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_AMOUNT } from '../../src/locales/money.ts';
import { isTooMuch, lineTotal, priceLine, taxIn, totalsOf } from '../../src/orders/prices.ts';

test.each([
  [1, 1999, 1999],
  [0.5, 1999, 1000],
  [0.333, 1000, 333],
  [2.675, 100, 268],
  [3, 0, 0],
])('%d at %d is %d', (quantity, price, total) => {
  expect(lineTotal(quantity, price)).toBe(total);
});

test.each([
  [11_900, 1900, 1900],
  [100, 1900, 16],
  [10, 500, 0],
  [21, 500, 1],
  [1, 2100, 0],
  [3, 2100, 1],
  [999, 0, 0],
])('%d with a tax of %d includes %d', (total, rate, tax) => {
  expect(taxIn(total, rate)).toBe(tax);
});

test('a total and its tax are the nearest whole numbers, the higher one from a half', () => {
  const quantity = fc.integer({ min: 1, max: 5_000_000 });
  const price = fc.integer({ min: 0, max: 99_999_999 });
  const rate = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(quantity, price, rate, (thousandths, unitPrice, taxRate) => {
      const { lineTotal: total, tax } = priceLine(thousandths / 1000, unitPrice, taxRate);
      const exact = BigInt(thousandths) * BigInt(unitPrice);
      const missing = 2n * (exact - 1000n * BigInt(total));
      expect(missing >= -1000n && missing < 1000n).toBe(true);
      const divisor = 10_000n + BigInt(taxRate);
      const missingTax = 2n * (BigInt(total) * BigInt(taxRate) - divisor * BigInt(tax));
      expect(missingTax >= -divisor && missingTax < divisor).toBe(true);
    }),
  );
});

test('an order is its lines and its delivery, and has a limit', () => {
  const lines = [priceLine(2, 1500, 1900), priceLine(1, 990, 0)];
  expect(totalsOf(lines, { price: 500, tax: 80 })).toEqual({
    itemsTotal: 3990,
    taxTotal: 479 + 80,
    total: 4490,
  });
  const atLimit = totalsOf([{ lineTotal: MAX_AMOUNT, tax: 0 }], { price: 0, tax: 0 });
  expect(isTooMuch(atLimit)).toBe(false);
  expect(isTooMuch({ ...atLimit, total: MAX_AMOUNT + 1 })).toBe(true);
  expect(isTooMuch(totalsOf([priceLine(2_000_000_000, MAX_AMOUNT, 0)], { price: 0, tax: 0 }))).toBe(true);
});
