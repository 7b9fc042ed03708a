/** By the values of `product.stock_level`, which MySQL computes (027-product-details.sql). */
export const STOCK_LEVELS = ['out', 'low', 'enough'] as const;
export type StockLevel = (typeof STOCK_LEVELS)[number];

export const LOW_LEVEL = 1;

/** Low: what is not reserved does not exceed the minimum. */
export function levelOf(product: { quantity: number; minimumStock: number; reserved?: number }): StockLevel {
  const { quantity, minimumStock, reserved = 0 } = product;
  if (quantity <= 0) return 'out';
  return quantity <= minimumStock + reserved ? 'low' : 'enough';
}
