/** A product as people and programs see it. */
export interface Product {
  id: number;
  code: string;
  name: string;
  description: string;
  category: string;
  /** On hand, in `unit`s; never below zero. */
  quantity: number;
  unit: string;
  available: boolean;
  updatedAt: Date;
  /** Counts the changes; an edit must name the version it started from. */
  version: number;
}

/** What a person compares an edit with. */
export type SavedProduct = Omit<Product, 'updatedAt'>;

/** What a form or an import says about a product. */
export interface ProductInput {
  code: string;
  name: string;
  description: string;
  category: string;
  quantity: number;
  unit: string;
}
