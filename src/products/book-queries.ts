import { sql, type Kysely, type Transaction } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { escapeLike } from '../search/search-terms.ts';
import { AUTHOR_SEPARATOR } from './field-rules.ts';
import { BOOK_FIELDS, type BookKey, type ProductInput } from './product-fields.ts';

export type Book = Pick<ProductInput, BookKey>;

const BOOK_KEYS = BOOK_FIELDS.map(({ key }) => key);

export const NO_BOOK = bookOf((field) => (field.isNumber ? 0 : ''));

function bookOf(valueOf: (field: (typeof BOOK_FIELDS)[number]) => string | number): Book {
  return Object.fromEntries(BOOK_FIELDS.map((field) => [field.key, valueOf(field)])) as unknown as Book;
}

export function isBook(product: Book): boolean {
  return BOOK_KEYS.some((key) => product[key] !== NO_BOOK[key]);
}

export function hasSameBook(one: Book, other: Book): boolean {
  return BOOK_KEYS.every((key) => one[key] === other[key]);
}

/** Of the row `product`, which may be a deleted one. */
const BOOK_ROW = sql<Book | null>`(
  SELECT JSON_OBJECT(${sql.join(BOOK_FIELDS.flatMap(({ key, source }) => [sql.lit(key), sql.ref(source)]))})
  FROM book WHERE book.product_id = product.id)`;

export const DELETED_BOOK = BOOK_ROW.as('book');

/** Read for the books among the rows that are shown only, so that other products take no longer for it. */
export const BOOK = sql<Book | null>`IF(product.is_book, ${BOOK_ROW}, NULL)`.as('book');

/** Triggers keep what `product` and the search index have of it. The product must be locked. */
export async function saveBook(trx: Transaction<Catalogue>, productId: number, product: Book): Promise<void> {
  if (!isBook(product)) {
    await trx.deleteFrom('book').where('product_id', '=', productId).execute();
    return;
  }
  const columns = bookOf(({ key }) => product[key]);
  await trx
    .insertInto('book')
    .values({ product_id: productId, ...columns })
    .onDuplicateKeyUpdate(columns)
    .execute();
}

export const SUGGESTED_KEYS = ['authors', 'publisher'] as const;
const MAX_SUGGESTED = 10;
/** Books of one author alone and with others. */
const MAX_READ = 100;

/** Publishers, or first authors, that begin with the text. */
export async function suggestCredits(
  db: Kysely<Catalogue>,
  column: (typeof SUGGESTED_KEYS)[number],
  text: string,
): Promise<string[]> {
  if (text === '') return [];
  const rows = await db
    .selectFrom('book')
    .select(column)
    .distinct()
    .where(column, 'like', `${escapeLike(text)}%`)
    .orderBy(column)
    .limit(MAX_READ)
    .execute();
  const names = rows.map((row) => {
    const credits = (row as Partial<Record<typeof column, string>>)[column]!;
    return column === 'authors' ? credits.split(AUTHOR_SEPARATOR)[0]! : credits;
  });
  return [...new Set(names)].slice(0, MAX_SUGGESTED);
}
