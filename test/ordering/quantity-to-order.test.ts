import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quantityToOrder } from '../../src/ordering/quantity-to-order.ts';
import { add, decimalsOf, subtract } from '../../src/stock/quantities.ts';

const thousandths = (min: number, max: number) =>
  fc.integer({ min: min * 1000, max: max * 1000 }).map((value) => value / 1000);

const product = fc.record({
  quantity: thousandths(0, 2000),
  reserved: thousandths(0, 1000),
  minimumStock: thousandths(1, 2000),
});

test('reaches back to the minimum exactly, with as few lots as that takes', () => {
  fc.assert(
    fc.property(product, thousandths(0.001, 1000), (some, orderQuantity) => {
      const toOrder = quantityToOrder({ ...some, orderQuantity });
      const lots = Math.round(toOrder / orderQuantity);
      expect(Math.round(orderQuantity * 1000) * lots).toBe(Math.round(toOrder * 1000));
      const wanted = add(some.minimumStock, some.reserved);
      const after = add(some.quantity, toOrder);
      expect(lots).toBeGreaterThanOrEqual(1);
      expect(after).toBeGreaterThanOrEqual(wanted);
      if (lots > 1) expect(subtract(after, orderQuantity)).toBeLessThan(wanted);
      expect(decimalsOf(toOrder)).toBeLessThanOrEqual(3);
    }),
  );
});

test('without a quantity to order, it is as much as the minimum, and never leaves less than that', () => {
  fc.assert(
    fc.property(product, (some) => {
      const toOrder = quantityToOrder({ ...some, orderQuantity: 0 });
      expect(toOrder).toBeGreaterThanOrEqual(some.minimumStock);
      expect(add(some.quantity, toOrder)).toBeGreaterThanOrEqual(add(some.minimumStock, some.reserved));
      expect(decimalsOf(toOrder)).toBeLessThanOrEqual(3);
    }),
  );
});

test.each([
  [{ quantity: 10, minimumStock: 10, orderQuantity: 0 }, 10],
  [{ quantity: 9, minimumStock: 10, orderQuantity: 0 }, 10],
  [{ quantity: 0, minimumStock: 10, orderQuantity: 0 }, 10],
  [{ quantity: 2, minimumStock: 20, orderQuantity: 12 }, 24],
  [{ quantity: 20, minimumStock: 20, orderQuantity: 12 }, 12],
  [{ quantity: 0, minimumStock: 0, orderQuantity: 12 }, 12],
  [{ quantity: 0.3, minimumStock: 1, orderQuantity: 0.1 }, 0.7],
])('%j needs %d', (some, toOrder) => {
  expect(quantityToOrder({ ...some, reserved: 0 })).toBe(toOrder);
});
