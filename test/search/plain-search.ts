import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface PlainFilter {
  search: string;
  category: string;
  availability: string;
  /** As in an address: a column, with - before it to reverse. */
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
 * What a search is by definition, in the plainest words: every word stands somewhere in the name, the
 * code, the description or the category's name, or names the availability. Slow, and obviously right.
 *
 * @returns the numbers of all products that are found, in their order
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

/** Without a sort: this is its code, its code or name begin so, the rest; of each, the newest first. */
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
