import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { LOW_LEVEL } from '../stock/stock-level.ts';
import {
  availabilityGram,
  bookGram,
  categoryGram,
  initialGram,
  LOW_GRAM,
  ON_SALE_GRAM,
  ProductGrams,
  supplierGram,
  tagGram,
  UNUSUAL_GRAM,
  type IndexedProduct,
} from './grams.ts';
import { UNUSUAL } from './folded-sql.ts';
import type { IndexedColumns } from './indexed-columns.ts';
import { initialOf } from './initials.ts';
import { letters } from './letters.ts';
import { encodePosting } from './posting.ts';
import { chunkOf, placeOf } from './product-set.ts';
import { withoutSeparators } from './spelling.ts';

export const BATCH_SIZE = 4096;
const SLICE_SIZE = 100;
const ROWS_PER_STATEMENT = 200;
/** An instance of an earlier version, whose grams are not enough, looks for an earlier row and does not index. */
const INDEXER = 6;
const HAS_UNUSUAL = new RegExp(UNUSUAL, 'u');

/** Only adds grams: a product that lost one stays a candidate. @returns how many; 0 while another instance indexes */
export async function indexPending(
  transact: <T>(work: (trx: Transaction<Catalogue>) => Promise<T>) => Promise<T>,
  columns: IndexedColumns,
  batchSize = BATCH_SIZE,
): Promise<number> {
  const pending = await transact((trx) =>
    trx.selectFrom('search_pending').select(['id', 'product_id']).orderBy('id').limit(batchSize).execute(),
  );
  let indexed = 0;
  // One transaction per chunk: a commit of many megabytes would delay all others.
  for (const some of Map.groupBy(pending, ({ product_id }) => chunkOf(product_id)).values()) {
    const ids = some.map(({ id }) => id);
    const done = await transact((trx) => indexChunk(trx, columns, ids));
    if (done === 0) break;
    indexed += done;
  }
  return indexed;
}

/** Adds grams that an earlier version did not. @returns whether more may follow; false while another one indexes */
export async function reindexNext(trx: Transaction<Catalogue>, columns: IndexedColumns): Promise<boolean> {
  const indexer = await becomeIndexer(trx);
  if (indexer?.reindex_from == null) return false;
  const products = await trx
    .selectFrom('product')
    .select('id')
    .where('id', '>=', indexer.reindex_from)
    .orderBy('id')
    .limit(BATCH_SIZE)
    .execute();
  const [chunk, ids] =
    [
      ...Map.groupBy(
        products.map(({ id }) => id),
        chunkOf,
      ),
    ][0] ?? [];
  if (ids) await addToIndex(trx, chunk!, await postingsOf(await readProducts(trx, columns, ids)));
  await trx
    .updateTable('search_indexer')
    .set({ reindex_from: ids ? ids.at(-1)! + 1 : null })
    .execute();
  return ids !== undefined;
}

/** Adds the new name of a renamed category to its products. @returns 0 when none are left, or another one indexes */
export async function reindexRenamed(trx: Transaction<Catalogue>, columns: IndexedColumns): Promise<number> {
  if (!(await becomeIndexer(trx))) return 0;
  const renamed = await trx.selectFrom('category_rename').selectAll().limit(1).executeTakeFirst();
  if (!renamed) return 0;
  const { category_id, revision, reindex_from } = renamed;
  const ids = await nextInCategory(trx, category_id, reindex_from);
  const [chunk, some] = [...Map.groupBy(ids, chunkOf)][0] ?? [];
  if (some) await addToIndex(trx, chunk!, await postingsOf(await readProducts(trx, columns, some)));
  // Not if it has been renamed again.
  const sameName = { category_id, revision };
  if (!some) {
    await trx
      .deleteFrom('category_rename')
      .where((eb) => eb.and(sameName))
      .execute();
    return 1;
  }
  await trx
    .updateTable('category_rename')
    .set({ reindex_from: some.at(-1)! + 1 })
    .where((eb) => eb.and(sameName))
    .execute();
  return some.length;
}

async function nextInCategory(
  trx: Transaction<Catalogue>,
  categoryId: number,
  firstId: number,
): Promise<number[]> {
  // The index has the products of each availability by number.
  const ofEach = [0, 1].map(
    (available) => sql`
      (SELECT id FROM product FORCE INDEX (filtered_number)
       WHERE category_id = ${categoryId} AND available = ${available} AND id >= ${firstId}
       ORDER BY id LIMIT ${sql.lit(BATCH_SIZE)})`,
  );
  const { rows } = await sql<{ id: number }>`
    SELECT id FROM (${sql.join(ofEach, sql` UNION ALL `)}) AS found
    ORDER BY id LIMIT ${sql.lit(BATCH_SIZE)}`.execute(trx);
  return rows.map(({ id }) => id);
}

async function becomeIndexer(trx: Transaction<Catalogue>) {
  return trx
    .selectFrom('search_indexer')
    .select('reindex_from')
    .where('id', '=', INDEXER)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
}

async function indexChunk(
  trx: Transaction<Catalogue>,
  columns: IndexedColumns,
  pendingIds: number[],
): Promise<number> {
  if (!(await becomeIndexer(trx))) return 0;
  const pending = await trx
    .selectFrom('search_pending')
    .select('product_id')
    .where('id', 'in', pendingIds)
    .execute();
  // Read after the pending rows: a product changed in between becomes pending again.
  const products = await readProducts(trx, columns, [
    ...new Set(pending.map(({ product_id }) => product_id)),
  ]);
  const [first] = products;
  if (first) await addToIndex(trx, chunkOf(first.id), await postingsOf(products));
  await trx.deleteFrom('search_pending').where('id', 'in', pendingIds).execute();
  return pending.length;
}

async function readProducts(
  trx: Transaction<Catalogue>,
  { searched, sorted }: IndexedColumns,
  ids: number[],
): Promise<IndexedProduct[]> {
  const ownTexts = [...new Set(['name', 'code', ...searched] as const)];
  const rows = await trx
    .selectFrom('product')
    .innerJoin('category', 'category.id', 'product.category_id')
    .leftJoin('book', 'book.product_id', 'product.id')
    .select(['product.id', 'category_id', 'category.name as category', 'available'])
    .select(['stock_level', 'supplier_id', 'tags', 'on_sale'])
    .select(['book.authors', 'book.publisher', 'book.year', 'book.language', 'book.binding'])
    .select(ownTexts.map((column) => `product.${column}` as const))
    .select(sorted.map((column) => initialOf(sql.ref(`product.${column}`)).as(`${column}_initial` as const)))
    .where('product.id', 'in', ids)
    .orderBy('product.id')
    .execute();
  await letters.learn(
    trx,
    rows.flatMap((row) => [row.category, row.tags, ...ownTexts.map((column) => row[column])]),
  );
  return rows.map((row) => {
    const written = [row.category, ...searched.map((column) => row[column])];
    const texts = written.map((text) => letters.fold(text));
    const [name, code] = [letters.fold(row.name), letters.fold(row.code)];
    const codes = [code, withoutSeparators(code)];
    return {
      id: row.id,
      texts: [...texts, withoutSeparators(code)],
      plainTexts: texts.map(withoutSeparators),
      beginnings: [name, ...codes],
      unusualNames: letters.isPlain(row.name) ? [] : [name],
      unusualCodes: letters.isPlain(row.code) ? [] : codes,
      properties: [
        categoryGram(row.category_id),
        availabilityGram(row.available),
        ...(written.some((text) => HAS_UNUSUAL.test(text)) ? [UNUSUAL_GRAM] : []),
        ...(row.stock_level === LOW_LEVEL ? [LOW_GRAM] : []),
        ...(row.on_sale === 1 ? [ON_SALE_GRAM] : []),
        ...(row.supplier_id === null ? [] : [supplierGram(row.supplier_id)]),
        ...(row.tags === '' ? [] : row.tags.split(', ').map((tag) => tagGram(letters.fold(tag)))),
        ...propertiesOfBook(row),
        ...sorted.map((column) => initialGram(column, row[`${column}_initial`])),
      ],
    };
  });
}

interface BookRow {
  authors: string | null;
  publisher: string | null;
  year: number | null;
  language: string | null;
  binding: string | null;
}

/** Their letters are learnt with the credits. */
function propertiesOfBook({ authors, publisher, year, language, binding }: BookRow): string[] {
  return [
    ...(authors ? authors.split('; ').map((author) => bookGram('author', letters.fold(author))) : []),
    ...(publisher ? [bookGram('publisher', letters.fold(publisher))] : []),
    ...(year ? [bookGram('year', year)] : []),
    ...(language ? [bookGram('language', language)] : []),
    ...(binding ? [bookGram('binding', binding)] : []),
  ];
}

type Postings = Map<string, number[]>;

async function postingsOf(products: IndexedProduct[]): Promise<Postings> {
  const postings: Postings = new Map();
  const grams = new ProductGrams();
  for (const [index, product] of products.entries()) {
    const place = placeOf(product.id);
    for (const gram of grams.of(product)) {
      const places = postings.get(gram);
      if (!places) postings.set(gram, [place]);
      else if (places.at(-1) !== place) places.push(place);
    }
    if (index % SLICE_SIZE === SLICE_SIZE - 1) await yieldToEventLoop();
  }
  return postings;
}

async function addToIndex(trx: Transaction<Catalogue>, chunk: number, postings: Postings): Promise<void> {
  const all = [...postings];
  for (let from = 0; from < all.length; from += ROWS_PER_STATEMENT) {
    const some = all.slice(from, from + ROWS_PER_STATEMENT);
    const stored = await trx
      .selectFrom('search_posting')
      .select(['gram', 'products'])
      .where(
        'gram',
        'in',
        some.map(([gram]) => gram),
      )
      .where('chunk', '=', chunk)
      .execute();
    const before = new Map(stored.map(({ gram, products }) => [gram, products]));
    const changed = some.flatMap(([gram, places]) => {
      const known = before.get(gram);
      const products = encodePosting(places, known);
      return known?.equals(products) ? [] : [{ gram, chunk, products }];
    });
    if (changed.length === 0) continue;
    await trx
      .insertInto('search_posting')
      .values(changed)
      .onDuplicateKeyUpdate({ products: sql`VALUES(products)` })
      .execute();
  }
}
