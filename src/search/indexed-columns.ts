import type { Selectable } from 'kysely';
import type { Catalogue } from '../database/tables.ts';

type Product = Selectable<Catalogue['product']>;
export type TextColumn = {
  [Column in keyof Product]: Product[Column] extends string ? Column : never;
}[keyof Product];

/** What the index knows of a product, besides its category and whether it is available. */
export interface IndexedColumns {
  /** Their words are found. */
  searched: readonly TextColumn[];
  /** A long list of candidates is read initial by initial in their order. */
  sorted: readonly TextColumn[];
}
