import type { Selectable } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

type Product = Selectable<Catalogue['product']>;
export type TextColumn = {
  [Column in keyof Product]: Product[Column] extends string ? Column : never;
}[keyof Product];

export interface IndexedColumns {
  searched: readonly TextColumn[];
  sorted: readonly TextColumn[];
}
