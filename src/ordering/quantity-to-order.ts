import { add, subtract, timesAtLeast } from '../stock/quantities.ts';

export interface OrderedProduct {
  quantity: number;
  reserved: number;
  minimumStock: number;
  orderQuantity: number;
}

/** Without a quantity to order, at least the minimum, as what is missing may be next to nothing. */
export function quantityToOrder({ quantity, reserved, minimumStock, orderQuantity }: OrderedProduct): number {
  const missing = subtract(add(minimumStock, reserved), quantity);
  if (orderQuantity > 0) return timesAtLeast(orderQuantity, missing);
  return Math.max(minimumStock, missing);
}
