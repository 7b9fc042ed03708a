import type { Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { readFilter } from '../product-list/product-filter.ts';
import { getProductPage } from '../product-list/product-page.ts';
import type { Product } from '../products/product.ts';
import type { MovementFilter } from './movement-filter.ts';
import { listMovements, type PagePosition, type ListedMovement } from './movement-queries.ts';

const PAGE_SIZE = 50;
const MAX_CHOICES = 10;

export interface MovementPage {
  movements: ListedMovement[];
  /** The number before which older ones are, and after which newer ones are. */
  older: number | undefined;
  newer: number | undefined;
}

/** Paged by key, so that every page takes as long as the first. */
export async function getMovementPage(
  db: Kysely<Catalogue>,
  filter: MovementFilter,
  { before, after }: PagePosition,
): Promise<MovementPage> {
  const isBackwards = after !== undefined;
  const found = await listMovements(db, filter, { before, after, limit: PAGE_SIZE + 1 });
  const hasMore = found.length > PAGE_SIZE;
  const movements = found.slice(0, PAGE_SIZE);
  if (isBackwards) movements.reverse();
  return {
    movements,
    older: hasMore || isBackwards ? movements.at(-1)?.id : undefined,
    newer: (isBackwards ? hasMore : before !== undefined) ? movements[0]?.id : undefined,
  };
}

export interface FoundProducts {
  /** The only one, or the one with this code. */
  product: Product | undefined;
  choices: Product[];
  hasMore: boolean;
}

export async function findProductsFor(db: Kysely<Catalogue>, search: string): Promise<FoundProducts> {
  const filter = readFilter({ search });
  const { items, nextCursor } = await getProductPage(db, filter, { limit: MAX_CHOICES });
  const sameCode = items.find(({ code }) => code.toLowerCase() === search.toLowerCase());
  const product = items.length === 1 ? items[0] : sameCode;
  return { product, choices: product ? [] : items, hasMore: nextCursor !== undefined };
}
