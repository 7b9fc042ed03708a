import { Kysely } from 'kysely';
import { createPool } from 'mysql2';
import type { Pool, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../../../src/config/config.ts';
import { connectionOptions, DATABASE, type Account } from '../../../src/database/connect.ts';
import { ServerDialect } from '../../../src/database/server-dialect.ts';
import type { Catalogue } from '../../../src/database/tables.ts';
import { INDEXED_COLUMNS } from '../../../src/products/product-fields.ts';
import { indexPending } from '../../../src/search/indexing.ts';
import { CHUNK_SIZE } from '../../../src/search/product-set.ts';
import { CATEGORIES, seededProducts, type SeededProduct } from './products.ts';

const ROWS_PER_STATEMENT = 2000;
/** Every third product has this minimum stock. */
const MINIMUM = 5;
const MINIMUM_EVERY = 3;
/** All but every tenth product are in the shop. */
const NOT_OFFERED_EVERY = 10;
const PRICES = 4000;
/** Sent before the first is answered, so that neither side waits for the other. */
const STATEMENTS_AHEAD = 2;

/** In seconds. */
export interface LoadTimes {
  load: number;
  index: number;
}

/**
 * Fills the catalogue up to `count` products, with initial stock movements and search index. Writes no binary
 * log, so load before the replicas are cloned.
 */
export async function loadCatalogue(
  server: ServerAddress,
  root: Account,
  { count, stopping }: { count: number; stopping: AbortSignal },
): Promise<LoadTimes> {
  const pool = createPool({
    ...connectionOptions(server, root),
    database: DATABASE,
    // Session variables must apply to every statement.
    connectionLimit: 1,
    multipleStatements: true,
  });
  const giveUp = () => pool.end(() => undefined);
  stopping.addEventListener('abort', giveUp, { once: true });
  const connection = pool.promise();
  const existing = await countRows(connection, 'product');
  // Crash safety does not matter: an interrupted load starts over.
  await connection.query(
    `SET sql_log_bin = 0, foreign_key_checks = 0, unique_checks = 0, innodb_ddl_buffer_size = 268435456;
     ALTER INSTANCE DISABLE INNODB REDO_LOG`,
  );
  const load = await seconds(async () => {
    const categories = await ensureCategories(connection);
    const products = await withoutKeys(connection, 'product', () =>
      insertProducts(connection, categories, count - existing),
    );
    await withoutKeys(connection, 'stock_movement', () => insertMovements(connection, products));
    await connection.query('ANALYZE NO_WRITE_TO_BINLOG TABLE product, stock_movement, category');
  });
  const index = await seconds(async () => {
    const dialect = new ServerDialect({ server: 'bench', pool, isTransactional: false });
    const db = new Kysely<Catalogue>({ dialect });
    while ((await indexPending((work) => db.transaction().execute(work), INDEXED_COLUMNS, CHUNK_SIZE)) > 0) {
      stopping.throwIfAborted();
    }
    await connection.query('ANALYZE NO_WRITE_TO_BINLOG TABLE search_posting, search_pending');
  });
  await connection.query('ALTER INSTANCE ENABLE INNODB REDO_LOG');
  stopping.removeEventListener('abort', giveUp);
  await connection.end();
  return { load, index };
}

export async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Building each key once at the end is faster than updating it for every row. */
async function withoutKeys<T>(connection: Pool, table: string, work: () => Promise<T>): Promise<T> {
  const [[shown]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${table}`);
  const lines = String(shown?.['Create Table']).matchAll(
    /^ {2}((?:(?:UNIQUE )?KEY|CONSTRAINT) `(\w+)` (?:\(|(FOREIGN KEY)).*?),?$/gm,
  );
  const keys = [...lines].map(([, definition, name, foreign]) => ({ definition, name, foreign }));
  // MySQL refuses to drop the key of a column while its foreign key exists.
  const drop = keys.map(({ name, foreign }) => `DROP ${foreign ?? 'KEY'} ${name}`);
  await connection.query(`ALTER TABLE ${table} ${drop.join(', ')}`);
  const result = await work();
  await connection.query(
    `ALTER TABLE ${table} ${keys.map(({ definition }) => `ADD ${definition}`).join(', ')}`,
  );
  return result;
}

async function ensureCategories(connection: Pool): Promise<Map<string, number>> {
  await connection.query('INSERT IGNORE INTO category (name) VALUES ?', [CATEGORIES.map((name) => [name])]);
  const [rows] = await connection.query<RowDataPacket[]>('SELECT id, name FROM category');
  return new Map(rows.map(({ id, name }) => [String(name), Number(id)]));
}

async function insertProducts(connection: Pool, categories: Map<string, number>, count: number) {
  const [[last]] = await connection.query<RowDataPacket[]>('SELECT COALESCE(MAX(id), 0) AS id FROM product');
  let id = Number(last?.id);
  const quantities: [id: number, quantity: number][] = [];
  const insert = new Statements(
    connection,
    `INSERT INTO product
       (id, code, name, description, category_id, quantity, unit, minimum_stock, price, tax_rate, on_sale)`,
  );
  const rowOf = ({ code, name, description, category, quantity, unit }: SeededProduct) =>
    `(${id},${quoted(code)},${quoted(name)},${quoted(description)},${categories.get(category)},${quantity},${quoted(unit)},${id % MINIMUM_EVERY === 0 ? MINIMUM : 0},${100 + ((id * 7919) % PRICES)},1500,${id % NOT_OFFERED_EVERY === 0 ? 0 : 1})`;
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
  connection: Pool,
  quantities: [id: number, quantity: number][],
): Promise<void> {
  const [[admin]] = await connection.query<RowDataPacket[]>("SELECT id FROM user WHERE username = 'admin'");
  const insert = new Statements(
    connection,
    'INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id)',
  );
  for (const [id, quantity] of quantities) {
    if (quantity > 0) await insert.add(`(${id},${quantity},${quantity},'initial',${admin?.id})`);
  }
  await insert.end();
}

/** Inserts rows in batches. */
class Statements {
  readonly #connection: Pool;
  readonly #insert: string;
  readonly #running: Promise<unknown>[] = [];
  #rows: string[] = [];

  constructor(connection: Pool, insert: string) {
    this.#connection = connection;
    this.#insert = insert;
  }

  async add(row: string): Promise<void> {
    this.#rows.push(row);
    if (this.#rows.length < ROWS_PER_STATEMENT) return;
    this.#send();
    if (this.#running.length > STATEMENTS_AHEAD) await this.#running.shift();
  }

  async end(): Promise<void> {
    if (this.#rows.length > 0) this.#send();
    await Promise.all(this.#running);
  }

  #send(): void {
    const sent = this.#connection.query<ResultSetHeader>(`${this.#insert} VALUES ${this.#rows.join()}`);
    // Prevents an unhandled rejection; add() and end() await it later.
    sent.catch(() => undefined);
    this.#running.push(sent);
    this.#rows = [];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

async function countRows(connection: Pool, table: string): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${table}`);
  return Number(row?.count);
}
