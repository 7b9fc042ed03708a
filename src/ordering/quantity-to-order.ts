import { add, subtract, timesAtLeast } from '../stock/quantities.ts';

export interface OrderedProduct {
  quantity: number;
  /** The part of it that is promised to others. */
  reserved: number;
  minimumStock: number;
  /** 0 if it is not set. */
  orderQuantity: number;
}

/**
 * What reaches back to the minimum: as many times the quantity to order as that takes. Without one, as much as the minimum,
 * as what is missing may be next to nothing; more only if more is promised.
 */
export function quantityToOrder({ quantity, reserved, minimumStock, orderQuantity }: OrderedProduct): number {
  const missing = subtract(add(minimumStock, reserved), quantity);
  if (orderQuantity > 0) return timesAtLeast(orderQuantity, missing);
  return Math.max(minimumStock, missing);
}
