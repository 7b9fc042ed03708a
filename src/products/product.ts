import type { ProductInput } from './product-fields.ts';

/** A product as people and programs see it. */
export interface Product extends ProductInput {
  id: number;
  available: boolean;
  updatedAt: Date;
  /** Counts the changes; an edit must name the version it started from. */
  version: number;
}

/** What a person compares an edit with. */
export type SavedProduct = Omit<Product, 'updatedAt'>;
