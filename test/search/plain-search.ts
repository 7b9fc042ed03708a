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

/**
 * The definition of a search, slow but obviously right: every word is in the name, code, description or
 * category name, or names the availability.
 *
 * @returns the ids of all matches in order
 */
export async function plainSearch(connection: Connection, filter: PlainFilter): Promise<number[]> {
  const conditions = ['TRUE'];
  const values: unknown[] = [];
  for (const word of wordsOf(filter.search)) {
    const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
    conditions.push(
      `(p.name LIKE ? OR p.code LIKE ? OR p.description LIKE ? OR c.name LIKE ? OR ${availabilityOf(word)})`,
    );
    values.push(pattern, pattern, pattern, pattern);
  }
  if (filter.category) {
    conditions.push('c.name = ?');
    values.push(filter.category);
  }
  if (filter.availability)
    conditions.push(`p.quantity ${filter.availability === 'available' ? '> 0' : '= 0'}`);
  const order = orderOf(filter);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT p.id FROM product p JOIN category c ON c.id = p.category_id
     WHERE ${conditions.join(' AND ')} ORDER BY ${order.sql}`,
    [...values, ...order.values],
  );
  return rows.map(({ id }) => Number(id));
}

function wordsOf(search: string): string[] {
  return search === 'out of stock' ? [search] : search.split(/\s+/).filter(Boolean);
}

function availabilityOf(word: string): string {
  if (['agotado', 'out of stock'].includes(word)) return 'p.quantity = 0';
  return word === 'disponible' ? 'p.quantity > 0' : 'FALSE';
}

/**
 * Without a sort: equal codes first, then codes or names that begin with the search; newest first in each.
 */
function orderOf({ search, sort }: PlainFilter): { sql: string; values: string[] } {
  if (sort) {
    const direction = sort.startsWith('-') ? 'DESC' : 'ASC';
    return { sql: `${COLUMNS[sort.replace('-', '')]} ${direction}, p.id ${direction}`, values: [] };
  }
  const beginning = `${search.replace(/[\\%_]/g, '\\$&')}%`;
  return {
    sql: `p.code = ? DESC, (p.code LIKE ? OR p.name LIKE ?) DESC, p.id DESC`,
    values: [search, beginning, beginning],
  };
}
