import { isDeepStrictEqual } from 'node:util';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { MovementReason } from '../../src/database/tables.ts';

interface ExpectedProduct {
  code: string;
  name: string;
  /** The version that the edit which set the name started from. */
  namedAt: number;
  /** Each as `reason delta user`. */
  movements: string[];
  quantity: number;
  version: number;
  isDeleted: number;
}

type FoundProduct = RowDataPacket & Omit<ExpectedProduct, 'movements' | 'namedAt'> & { id: number };

/** The database content if every acknowledged write was applied exactly once. */
export class Expectation {
  readonly #products = new Map<number, ExpectedProduct>();
  readonly #codePrefix: string;

  constructor(codePrefix: string) {
    this.#codePrefix = codePrefix;
  }

  registered(id: number, code: string, quantity: number, userId: number): void {
    const product = { code, name: code, namedAt: 0, movements: [], quantity: 0, version: 1, isDeleted: 0 };
    this.#products.set(id, product);
    if (quantity > 0) this.#move(id, 'initial', quantity, userId);
  }

  adjusted(id: number, delta: number, userId: number): void {
    this.#get(id).version++;
    this.#move(id, 'adjustment', delta, userId);
  }

  /** The version check guarantees that an accepted count has seen the current quantity. */
  counted(id: number, seen: { quantity: number }, quantity: number, userId: number): void {
    if (quantity === seen.quantity) return;
    this.#get(id).version++;
    this.#move(id, 'count', quantity - seen.quantity, userId);
  }

  edited(
    id: number,
    seen: { quantity: number; version: number },
    edit: { quantity: number; name: string },
    userId: number,
  ): void {
    const product = this.#get(id);
    const delta = edit.quantity - seen.quantity;
    product.version++;
    if (delta !== 0) this.#move(id, 'edit', delta, userId);
    if (seen.version > product.namedAt) Object.assign(product, { name: edit.name, namedAt: seen.version });
  }

  deleted(id: number): void {
    this.#get(id).isDeleted++;
  }

  restored(id: number): void {
    const product = this.#get(id);
    product.isDeleted--;
    product.version++;
  }

  #move(id: number, reason: MovementReason, delta: number, userId: number): void {
    const product = this.#get(id);
    product.quantity += delta;
    product.movements.push(`${reason} ${delta} ${userId}`);
  }

  #get(id: number): ExpectedProduct {
    return this.#products.get(id)!;
  }

  async differencesFrom(server: Connection): Promise<string[]> {
    const [rows] = await server.query<FoundProduct[]>(
      `SELECT id, code, name, quantity, version, 0 AS isDeleted FROM product WHERE code LIKE :codes
       UNION ALL
       SELECT id, code, name, quantity, version, 1 FROM deleted_product WHERE code LIKE :codes`,
      { codes: `${this.#codePrefix}%` },
    );
    const differences: string[] = [];
    for (const { id, code, name, quantity, version, isDeleted } of rows) {
      const expected = this.#products.get(id);
      if (!expected) {
        differences.push(`${code} (${id}) exists, but its registration was not acknowledged`);
        continue;
      }
      const movements = await movementsOf(server, id);
      const { namedAt, ...wanted } = { ...expected, movements: expected.movements.toSorted() };
      const found = { code, name, movements, quantity, version, isDeleted };
      if (!isDeepStrictEqual(found, wanted)) {
        differences.push(
          `${code} (${id}, named at ${namedAt})\n  expected ${JSON.stringify(wanted)}\n  found ${JSON.stringify(found)}`,
        );
      }
    }
    const ids = new Set(rows.map(({ id }) => id));
    for (const [id, { code }] of this.#products) {
      if (!ids.has(id)) differences.push(`${code} (${id}) was registered but is missing`);
    }
    return differences;
  }
}

async function movementsOf(server: Connection, productId: number): Promise<string[]> {
  const [rows] = await server.query<RowDataPacket[]>(
    'SELECT reason, delta, user_id FROM stock_movement WHERE product_id = ?',
    [productId],
  );
  return rows.map(({ reason, delta, user_id }) => `${reason} ${delta} ${user_id}`).sort();
}

/** Checks the invariants of all products, not only those of this run. @returns the violations */
export async function ledgerViolations(server: Connection): Promise<string[]> {
  const [rows] = await server.query<RowDataPacket[]>(`
    WITH everything AS (
      SELECT id, code, quantity FROM product UNION ALL SELECT id, code, quantity FROM deleted_product
    ), booked AS (
      SELECT product_id, SUM(delta) AS total FROM stock_movement GROUP BY product_id
    ), chain AS (
      SELECT product_id,
             quantity_after - delta - LAG(quantity_after, 1, 0) OVER (PARTITION BY product_id ORDER BY id) AS gap,
             quantity_after
      FROM stock_movement
    )
    SELECT CONCAT(code, ': quantity ', quantity, ' is below 0') AS violation FROM everything WHERE quantity < 0
    UNION ALL
    SELECT CONCAT(code, ': quantity ', quantity, ', but the ledger adds up to ', COALESCE(total, 0))
    FROM everything LEFT JOIN booked ON product_id = id WHERE COALESCE(total, 0) <> quantity
    UNION ALL
    SELECT CONCAT('product ', product_id, ': a movement does not follow from the one before it')
    FROM chain WHERE gap <> 0 OR quantity_after < 0
    UNION ALL
    SELECT CONCAT('product ', product_id, ': movements of a product that does not exist')
    FROM booked LEFT JOIN everything ON id = product_id WHERE id IS NULL
    UNION ALL
    SELECT CONCAT(product.code, ': both active and deleted') FROM product JOIN deleted_product USING (id)`);
  return rows.map(({ violation }) => String(violation));
}
