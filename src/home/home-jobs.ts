import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { forgetOldOutflow, lookUpFormerOutflow } from './outflow-jobs.ts';

const ROWS_AT_ONCE = 500;
/** The chart shows 30 days of a time zone. */
const KEPT_FLOW_DAYS = 40;

export function homeJobs(jobs: Jobs, databases: Databases): void {
  jobs.cleanUp('stock totals', databases.catalogue, addUpTotals);
  jobs.cleanUp('movement flow', databases.catalogue, addUpFlow);
  jobs.cleanUp('old movement flow', databases.catalogue, deleteOldFlow);
  jobs.cleanUp('former outflow', databases.catalogue, lookUpFormerOutflow);
  jobs.cleanUp('old outflow', databases.catalogue, forgetOldOutflow);
}

const TOTALS = {
  table: 'stock_total',
  key: 'unit',
  sums: ['products', 'out_of_stock', 'low', 'quantity', 'price_value', 'cost_value', 'unpriced', 'uncosted'],
} as const;

const FLOW = {
  table: 'movement_flow',
  key: 'quarter',
  sums: ['movements_in', 'movements_out', 'value_in', 'value_out'],
} as const;

export const addUpTotals = (trx: Transaction<Catalogue>) => addUp(trx, TOTALS);
export const addUpFlow = (trx: Transaction<Catalogue>) => addUp(trx, FLOW);

/** Adds rows of single connections to that of writer 0. MySQL adds: JavaScript would round the values. */
async function addUp(trx: Transaction<Catalogue>, { table, key, sums }: typeof TOTALS | typeof FLOW) {
  const [own, from] = [sql.ref(key), sql.ref(table)];
  const { rows } = await sql<{ own: string | number; writer: number }>`
    SELECT ${own} AS own, writer FROM ${from} WHERE writer > 0
    LIMIT ${sql.lit(ROWS_AT_ONCE)} FOR UPDATE SKIP LOCKED`.execute(trx);
  if (rows.length === 0) return { numAffectedRows: 0n };
  const locked = sql`(${own}, writer) IN (${sql.join(rows.map((row) => sql`(${row.own}, ${row.writer})`))})`;
  const each = (build: (column: RawBuilder<unknown>, sum: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    sql.join(sums.map((column) => build(sql.ref(column), sql.ref(`sum_of_${column}`))));
  await sql`
    INSERT INTO ${from} (${own}, writer, ${each((column) => column)})
    SELECT own, 0, ${each((_, sum) => sum)}
    FROM (
      SELECT ${own} AS own, ${each((column, sum) => sql`SUM(${column}) AS ${sum}`)}
      FROM ${from} WHERE ${locked} GROUP BY ${own}
    ) AS added
    ON DUPLICATE KEY UPDATE ${each((column) => sql`${column} = ${column} + VALUES(${column})`)}`.execute(trx);
  await sql`DELETE FROM ${from} WHERE ${locked}`.execute(trx);
  return { numAffectedRows: BigInt(rows.length) };
}

export function deleteOldFlow(trx: Transaction<Catalogue>) {
  return sql`
    DELETE FROM movement_flow
    WHERE quarter < TIMESTAMPDIFF(MINUTE, '1970-01-01', CURRENT_TIMESTAMP) DIV 15 - ${sql.lit(KEPT_FLOW_DAYS * 24 * 4)}
    ORDER BY quarter, writer LIMIT ${sql.lit(ROWS_AT_ONCE)}`.execute(trx);
}
