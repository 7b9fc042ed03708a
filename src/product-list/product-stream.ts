import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Product } from '../products/product.ts';
import { toProduct } from '../products/product-queries.ts';
import { letters } from '../search/letters.ts';
import { selectMatching } from './matching.ts';
import { orderBy } from './page-window.ts';
import type { ProductFilter } from './product-filter.ts';
import { orderOf } from './product-order.ts';

export async function* streamProducts(db: Kysely<Catalogue>, filter: ProductFilter): AsyncGenerator<Product> {
  await letters.learn(db, [filter.search]);
  const all = { order: orderOf(filter), from: undefined, isBackwards: false, limit: Infinity };
  const rows = selectMatching(db, filter)
    // A slow reader must not hit the time limit. Without JOIN_ORDER, MySQL starts with categories and sorts all rows.
    .modifyFront(sql`/*+ MAX_EXECUTION_TIME(3600000) JOIN_ORDER(product, category) */`)
    .orderBy(orderBy(all))
    .stream();
  for await (const row of rows) yield toProduct(row);
}
