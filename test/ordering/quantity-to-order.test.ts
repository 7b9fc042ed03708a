import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quantityToOrder } from '../../src/ordering/quantity-to-order.ts';
import { add, decimalsOf } from '../../src/stock/quantities.ts';

const thousandths = (max: number) => fc.integer({ min: 0, max }).map((value) => value / 1000);

const product = fc.record({
  quantity: thousandths(2_000_000),
  reserved: thousandths(1_000_000),
  minimumStock: thousandths(2_000_000),
});

test('orders what people order at a time, whatever is missing', () => {
  fc.assert(
    fc.property(product, thousandths(1_000_000), (some, orderQuantity) => {
      fc.pre(orderQuantity > 0);
      expect(quantityToOrder({ ...some, orderQuantity })).toBe(orderQuantity);
    }),
  );
});

test('otherwise fills up to the minimum, exactly, and orders at least something', () => {
  fc.assert(
    fc.property(product, (some) => {
      const toOrder = quantityToOrder({ ...some, orderQuantity: 0 });
      expect(toOrder).toBeGreaterThan(0);
      expect(decimalsOf(toOrder)).toBeLessThanOrEqual(3);
      const wanted = add(some.minimumStock, some.reserved);
      if (some.quantity < wanted) expect(add(some.quantity, toOrder)).toBe(wanted);
      else expect(toOrder).toBe(1);
    }),
  );
});
