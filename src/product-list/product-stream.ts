import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Product } from '../products/product.ts';
import { toProduct } from '../products/product-queries.ts';
import { selectMatching } from './matching.ts';
import { orderBy } from './page-window.ts';
import type { ProductFilter } from './product-filter.ts';
import { orderOf } from './product-order.ts';

/** All products that `filter` selects, in its order, row by row as MySQL sends them. */
export async function* streamProducts(db: Kysely<Catalogue>, filter: ProductFilter): AsyncGenerator<Product> {
  const all = { order: orderOf(filter), from: undefined, isBackwards: false, limit: Infinity };
  const rows = selectMatching(db, filter)
    // Lasts as long as the reader takes, which is no fault of the query. Beginning with the few categories,
    // as MySQL would, it would have to sort all products afterwards.
    .modifyFront(sql`/*+ MAX_EXECUTION_TIME(3600000) JOIN_ORDER(product, category) */`)
    .orderBy(orderBy(all))
    .stream();
  for await (const row of rows) yield toProduct(row);
}
