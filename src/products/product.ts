import type { Permission } from '../auth/permissions.ts';
import type { StockLevel } from '../stock/stock-level.ts';
import { PRODUCT_FIELDS, type ProductField, type ProductInput } from './product-fields.ts';

export interface Product extends ProductInput {
  id: number;
  available: boolean;
  level: StockLevel;
  updatedAt: Date;
  version: number;
}

export type SavedProduct = Omit<Product, 'updatedAt'>;

export function mayView({ permission }: ProductField, permissions: ReadonlySet<Permission>): boolean {
  return permission === undefined || permissions.has(permission);
}

export function viewableProduct<T extends ProductInput>(
  product: T,
  permissions: ReadonlySet<Permission>,
): Partial<T> {
  const hidden = PRODUCT_FIELDS.filter((field) => !mayView(field, permissions)).map(
    ({ key }) => key as string,
  );
  if (hidden.length === 0) return product;
  return Object.fromEntries(Object.entries(product).filter(([key]) => !hidden.includes(key))) as Partial<T>;
}
