import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { CATEGORIES, seededProducts, type SeededProduct } from './products.ts';

const ROWS_A_STATEMENT = 2000;
/** Statements go out while the next one is written, so that neither side waits for the other. */
const STATEMENTS_AHEAD = 2;
const GIGABYTE = 1024 ** 3;

/**
 * Fills the catalogue up to `count` products, each with its first stock movement, as fast as one server
 * goes: for a server that nobody uses yet, whose replicas are cloned afterwards. Triggers run as always.
 *
 * @param root may change what holds for the whole server
 */
export async function loadCatalogue(root: Connection, count: number): Promise<void> {
  await root.query('USE inventario');
  const existing = await countRows(root, 'product');
  await withServerInHaste(root, async () => {
    const categories = await ensureCategories(root);
    const products = await withoutKeys(root, 'product', () =>
      insertProducts(root, categories, count - existing),
    );
    await withoutKeys(root, 'stock_movement', () => insertMovements(root, products));
  });
  await root.query('ANALYZE NO_WRITE_TO_BINLOG TABLE product, stock_movement, category');
}

/** Nothing of what is written now has to outlive a power cut: whoever is cut off begins anew. */
async function withServerInHaste(root: Connection, work: () => Promise<void>): Promise<void> {
  const [[settings]] = await root.query<RowDataPacket[]>('SELECT @@innodb_buffer_pool_size AS bufferPool');
  await root.query(
    `SET sql_log_bin = 0, foreign_key_checks = 0, unique_checks = 0, innodb_ddl_buffer_size = 268435456;
     SET GLOBAL innodb_buffer_pool_size = ${Math.max(Number(settings?.bufferPool), GIGABYTE)};
     ALTER INSTANCE DISABLE INNODB REDO_LOG`,
  );
  try {
    await work();
  } finally {
    await root.query(
      `ALTER INSTANCE ENABLE INNODB REDO_LOG;
       SET GLOBAL innodb_buffer_pool_size = ${settings?.bufferPool};
       SET sql_log_bin = 1, foreign_key_checks = 1, unique_checks = 1`,
    );
  }
}

/** Sorting each key once, at the end, takes less than finding the place for every row. */
async function withoutKeys<T>(root: Connection, table: string, work: () => Promise<T>): Promise<T> {
  const [[shown]] = await root.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}`);
  // As SHOW CREATE TABLE writes them, they can be added again, whatever they are.
  const lines = String(shown?.['Create Table']).matchAll(
    /^ {2}((?:(?:UNIQUE )?KEY|CONSTRAINT) `(\w+)` (?:\(|(FOREIGN KEY)).*?),?$/gm,
  );
  const keys = [...lines].map(([, definition, name, foreign]) => ({ definition, name, foreign }));
  // A foreign key holds on to the key of its column.
  const drop = keys.map(({ name, foreign }) => `DROP ${foreign ?? 'KEY'} ${name}`);
  await root.query(`ALTER TABLE ${table} ${drop.join(', ')}`);
  const result = await work();
  await root.query(`ALTER TABLE ${table} ${keys.map(({ definition }) => `ADD ${definition}`).join(', ')}`);
  return result;
}

async function ensureCategories(root: Connection): Promise<Map<string, number>> {
  await root.query('INSERT IGNORE INTO category (name) VALUES ?', [CATEGORIES.map((name) => [name])]);
  const [rows] = await root.query<RowDataPacket[]>('SELECT id, name FROM category');
  return new Map(rows.map(({ id, name }) => [String(name), Number(id)]));
}

/** @returns the quantity of each new product, by its number */
async function insertProducts(root: Connection, categories: Map<string, number>, count: number) {
  const [[last]] = await root.query<RowDataPacket[]>('SELECT COALESCE(MAX(id), 0) AS id FROM product');
  let id = Number(last?.id);
  const quantities: [id: number, quantity: number][] = [];
  const insert = new Statements(
    root,
    'INSERT INTO product (id, code, name, description, category_id, quantity, unit)',
  );
  const rowOf = ({ code, name, description, category, quantity, unit }: SeededProduct) =>
    `(${id},${quoted(code)},${quoted(name)},${quoted(description)},${categories.get(category)},${quantity},${quoted(unit)})`;
  for (const product of seededProducts()) {
    if (quantities.length >= count) break;
    id++;
    quantities.push([id, product.quantity]);
    await insert.add(rowOf(product));
  }
  await insert.end();
  return quantities;
}

async function insertMovements(
  root: Connection,
  quantities: [id: number, quantity: number][],
): Promise<void> {
  const [[admin]] = await root.query<RowDataPacket[]>("SELECT id FROM user WHERE username = 'admin'");
  const insert = new Statements(
    root,
    'INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)',
  );
  for (const [id, quantity] of quantities) {
    if (quantity > 0) await insert.add(`(${id},${quantity},${quantity},'initial',${admin?.id})`);
  }
  await insert.end();
}

/** Rows that go to the server some thousands at a time. */
class Statements {
  readonly #connection: Connection;
  readonly #insert: string;
  readonly #running: Promise<unknown>[] = [];
  #rows: string[] = [];

  constructor(connection: Connection, insert: string) {
    this.#connection = connection;
    this.#insert = insert;
  }

  async add(row: string): Promise<void> {
    this.#rows.push(row);
    if (this.#rows.length < ROWS_A_STATEMENT) return;
    this.#send();
    if (this.#running.length > STATEMENTS_AHEAD) await this.#running.shift();
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) this.#send();
    await Promise.all(this.#running);
  }

  #send(): void {
    const sent = this.#connection.query<ResultSetHeader>(`${this.#insert} VALUES ${this.#rows.join()}`);
    // Looked at when its turn comes.
    sent.catch(() => undefined);
    this.#running.push(sent);
    this.#rows = [];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

async function countRows(connection: Connection, table: string): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${table}`);
  return Number(row?.count);
}
