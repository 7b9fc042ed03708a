import type { StockLevel } from '../stock/stock-level.ts';
import type { ProductInput } from './product-fields.ts';

export interface Product extends ProductInput {
  id: number;
  available: boolean;
  level: StockLevel;
  updatedAt: Date;
  /** Incremented by every change, for optimistic locking. */
  version: number;
}

export type SavedProduct = Omit<Product, 'updatedAt'>;
