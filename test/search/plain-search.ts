import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface PlainFilter {
  search: string;
  category: string;
  availability: string;
  /** A column, or `-column` when descending. */
  sort: string;
}

const COLUMNS: Record<string, string> = {
  number: 'p.id',
  name: 'p.name',
  code: 'p.code',
  description: 'p.description',
  category: 'c.name',
  quantity: 'p.quantity',
  unit: 'p.unit',
  availability: 'p.available',
};

const SPANISH = 'utf8mb4_es_0900_ai_ci';
const ENYE_AS_N = 'utf8mb4_0900_ai_ci';

/**
 * The definition of a search, slow but obviously right: every word is in the name, code, description or
 * category name, or names the availability. Without an ñ, its n is ñ too. Separators are left out of codes and,
 * for a word with a digit, of all fields.
 *
 * @returns the ids of all matches in order
 */
export async function plainSearch(connection: Connection, filter: PlainFilter): Promise<number[]> {
  const conditions = ['TRUE'];
  for (const word of wordsOf(filter.search)) {
    const letters = word.includes('ñ') ? SPANISH : ENYE_AS_N;
    conditions.push(`(${contains(connection, word, letters)} OR ${availabilityOf(word)})`);
  }
  const values: unknown[] = [];
  if (filter.category) {
    conditions.push('c.name = ?');
    values.push(filter.category);
  }
  if (filter.availability)
    conditions.push(`p.quantity ${filter.availability === 'available' ? '> 0' : '= 0'}`);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT p.id FROM product p JOIN category c ON c.id = p.category_id
     WHERE ${conditions.join(' AND ')} ORDER BY ${orderOf(connection, filter)}`,
    values,
  );
  return rows.map(({ id }) => Number(id));
}

function contains(connection: Connection, word: string, letters: string): string {
  const plain = withoutSeparators(word);
  const isIn = (field: string, text: string) => like(connection, field, `%${escaped(text)}%`, letters);
  const codeIsLike = plain ? isIn(withoutSeparatorsSql('p.code'), plain) : isIn('p.code', word);
  const others = ['p.name', 'p.description', 'c.name'].map((field) =>
    /\d/.test(word) ? isIn(withoutSeparatorsSql(field), plain) : isIn(field, word),
  );
  return [codeIsLike, ...others].join(' OR ');
}

const withoutSeparators = (text: string) => text.replace(/[-_./ ]/g, '');
const withoutSeparatorsSql = (field: string) => `REGEXP_REPLACE(${field}, '[-_./ ]', '')`;
const escaped = (text: string) => text.replace(/[\\%_]/g, '\\$&');

function like(connection: Connection, field: string, pattern: string, letters: string): string {
  return `${field} COLLATE ${letters} LIKE ${connection.escape(pattern)}`;
}

function wordsOf(search: string): string[] {
  return search === 'out of stock' ? [search] : search.split(/\s+/).filter(Boolean);
}

function availabilityOf(word: string): string {
  if (['agotado', 'out of stock'].includes(word)) return 'p.quantity = 0';
  return word === 'disponible' ? 'p.quantity > 0' : 'FALSE';
}

/**
 * Without a sort, where no ñ need count as n: the same code, the same but for separators, codes or names that
 * begin with the search, the rest. Then the others: those that begin with it, the rest. Newest first in each.
 */
function orderOf(connection: Connection, { search, sort }: PlainFilter): string {
  if (sort) {
    const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
    return `${COLUMNS[sort.replace('-', '')]} ${direction}, p.id ${direction}`;
  }
  const plain = withoutSeparators(search);
  const code = plain ? withoutSeparatorsSql('p.code') : 'p.code';
  const begins = (letters: string) =>
    [
      like(connection, code, `${escaped(plain || search)}%`, letters),
      like(connection, 'p.name', `${escaped(search)}%`, letters),
    ].join(' OR ');
  const isExact = wordsOf(search)
    .map((word) => `(${contains(connection, word, SPANISH)} OR ${availabilityOf(word)})`)
    .join(' AND ');
  return [
    `p.code = ${connection.escape(search)} DESC`,
    `${code} COLLATE ${SPANISH} = ${connection.escape(plain)} DESC`,
    `(${begins(SPANISH)}) DESC`,
    `(${isExact || 'TRUE'}) DESC`,
    `(NOT (${isExact || 'TRUE'}) AND (${begins(ENYE_AS_N)})) DESC`,
    'p.id DESC',
  ].join(', ');
}
