import type { Connection } from 'mysql2/promise';
import type { Row } from './report.ts';
import type { BenchSystem } from './system.ts';
import { median } from './timing.ts';

const ROWS = 5000;
const ROUNDS = 3;

/** Compares bulk INSERTs into `product` with the same table without triggers. */
export async function measureInserts(system: BenchSystem): Promise<Row[]> {
  const primary = await system.data.connect('primary');
  try {
    // LIKE copies columns and keys, but no triggers.
    await primary.query('SET sql_log_bin = 0; CREATE TABLE product_bare LIKE product');
    const rates = { product: [] as number[], product_bare: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const table of ['product', 'product_bare'] as const)
        rates[table].push(await rateOf(primary, table));
    }
    await primary.query('DROP TABLE product_bare');
    const [full, bare] = [median(rates.product), median(rates.product_bare)];
    return [
      {
        what: 'INSERT of products, in bulk',
        rate: full,
        shareOfFloor: full / bare,
        note: `${Math.round(bare)} a second without triggers`,
      },
    ];
  } finally {
    await primary.end();
  }
}

/** Rolls back, to leave the catalogue unchanged. */
async function rateOf(primary: Connection, table: string): Promise<number> {
  const columns = 'code, name, description, category_id, quantity, unit';
  const began = performance.now();
  await primary.query(`
    BEGIN;
    INSERT INTO ${table} (${columns})
    SELECT CONCAT('bench-', id), name, description, category_id, quantity, unit FROM product ORDER BY id LIMIT ${ROWS};
    ROLLBACK`);
  return ROWS / ((performance.now() - began) / 1000);
}
