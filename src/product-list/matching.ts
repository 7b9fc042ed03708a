import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { selectProducts } from '../products/product-queries.ts';
import { escapeLike, searchTerms } from '../search/search-terms.ts';
import { LOW_LEVEL } from '../stock/stock-level.ts';
import { isOffered } from './offered-list.ts';
import { isPastStart, orderBy, pageColumns, type PageWindow } from './page-window.ts';
import { hasPrices, isPricedIn } from './price-range.ts';
import { wantedAvailable, type ProductFilter } from './product-filter.ts';
import { hasBarcode, isFound } from './word-match.ts';

/** Defines a match: every word is in a searched field or names the availability, or the search is a barcode. */
export function selectMatching(db: Kysely<Catalogue>, filter: ProductFilter, areUsual = false) {
  const { search, category } = filter;
  const available = wantedAvailable(filter);
  let query = selectProducts(db);
  if (category) query = query.where('category.name', '=', category);
  if (available !== undefined) query = query.where('product.available', '=', available ? 1 : 0);
  if (filter.availability === 'low') query = query.where('product.stock_level', '=', LOW_LEVEL);
  if (filter.supplier) {
    const supplier = sql<number>`(SELECT id FROM supplier WHERE name = ${filter.supplier})`;
    query = query.where('product.supplier_id', '=', supplier);
  }
  if (filter.tag) {
    query = query.where(sql<SqlBool>`FIND_IN_SET(${filter.tag}, REPLACE(product.tags, ', ', ','))`);
  }
  if (filter.location) query = query.where('product.location', '=', filter.location);
  if (hasPrices(filter)) query = query.where(isPricedIn(filter));
  if (filter.offered) query = query.where(isOffered(filter));
  if (filter.onSale) query = query.where('product.on_sale', '=', filter.onSale === 'yes' ? 1 : 0);
  for (const condition of bookConditions(filter)) query = query.where(isBookWith(condition));
  const checked = { areUsual, isPublic: filter.offered !== undefined };
  const terms = searchTerms(search);
  const isBarcode = hasBarcode(search);
  if (!isBarcode || terms.length === 0)
    return terms.reduce((all, term) => all.where(isFound(term, checked)), query);
  const isFoundByWords = sql.join(
    terms.map((term) => isFound(term, checked)),
    sql` AND `,
  );
  return query.where(sql<SqlBool>`((${isFoundByWords}) OR ${isBarcode})`);
}

function bookConditions({
  author,
  publisher,
  year,
  language,
  binding,
}: ProductFilter): RawBuilder<SqlBool>[] {
  const conditions: RawBuilder<SqlBool>[] = [];
  if (author) {
    const pattern = `%; ${escapeLike(author)}; %`;
    conditions.push(sql<SqlBool>`CONCAT('; ', book.authors, '; ') LIKE ${pattern}`);
  }
  if (publisher) conditions.push(sql<SqlBool>`book.publisher = ${publisher}`);
  if (year) conditions.push(sql<SqlBool>`book.year = ${Number(year)}`);
  if (language) conditions.push(sql<SqlBool>`book.language = ${language}`);
  if (binding) conditions.push(sql<SqlBool>`book.binding = ${binding}`);
  return conditions;
}

/** No join, so that the order of the others stays as hints say. */
function isBookWith(condition: RawBuilder<SqlBool>): RawBuilder<SqlBool> {
  return sql<SqlBool>`
    (product.is_book AND (SELECT ${condition} FROM book WHERE book.product_id = product.id))`;
}

export async function scanWindow(db: Kysely<Catalogue>, filter: ProductFilter, window: PageWindow) {
  return selectMatching(db, filter)
    .select(pageColumns(window))
    .where(isPastStart(window))
    .orderBy(orderBy(window))
    .limit(window.limit)
    .execute();
}

/** With thousands of ids, JSON_TABLE takes half the time of IN. */
export function matchAmong(
  db: Kysely<Catalogue>,
  filter: ProductFilter,
  { ids, areUsual }: { ids: number[]; areUsual: boolean },
) {
  const candidates = sql<{ id: number }>`
    JSON_TABLE(${JSON.stringify(ids)}, '$[*]' COLUMNS (id INT UNSIGNED PATH '$'))`;
  return selectMatching(db, filter, areUsual)
    .modifyFront(sql`/*+ JOIN_ORDER(candidate, product, category) */`)
    .innerJoin(candidates.as('candidate'), (join) => join.onRef('candidate.id', '=', 'product.id'));
}

export type FoundProduct = Awaited<ReturnType<typeof scanWindow>>[number];
