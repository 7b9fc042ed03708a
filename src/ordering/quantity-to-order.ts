import { subtract, add } from '../stock/quantities.ts';

export interface OrderedProduct {
  quantity: number;
  /** The part of it that is promised to others. */
  reserved: number;
  minimumStock: number;
  /** 0 if it is not set. */
  orderQuantity: number;
}

/** What people want to order at a time; otherwise what is missing to the minimum, at least one if nothing is. */
export function quantityToOrder({ quantity, reserved, minimumStock, orderQuantity }: OrderedProduct): number {
  if (orderQuantity > 0) return orderQuantity;
  const missing = subtract(add(minimumStock, reserved), quantity);
  return missing > 0 ? missing : 1;
}
