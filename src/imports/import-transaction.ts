import { createHash } from 'node:crypto';
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import type { BulkStep } from '../stock/bulk-stock.ts';
import { listShortOrders } from '../stock/short-orders.ts';
import { requestContext } from '../telemetry/request-context.ts';
import type { ClaimedImport, ImportLease } from './import-lease.ts';
import type { Notice, Totals } from './import-queries.ts';

const BATCH = 2000;
/** MySQL then closes the connection of a dead instance and rolls its transaction back. */
const IDLE_TIMEOUT_SECONDS = 20;

/** One transaction as the request that asked for it; a retry only counts as the person's last write. */
export async function transactAsPerson(
  databases: Databases,
  { id, attempt, address, requestId }: ClaimedImport,
  { purpose, userId }: { purpose: 'import' | 'undo'; userId: number },
  change: (trx: Transaction<Catalogue>) => Promise<void>,
): Promise<void> {
  const actor = { kind: 'user' as const, id: userId, lastWrite: {} };
  const writeId = createHash('sha256').update(`${purpose} ${id} ${attempt}`).digest();
  await requestContext.run({ id: requestId, address, servers: new Set() }, () =>
    databases.catalogue.transactOnce(actor, writeId, (trx) => withIdleTimeout(trx, () => change(trx))),
  );
}

async function withIdleTimeout(trx: Transaction<Catalogue>, work: () => Promise<void>): Promise<void> {
  await sql`SET SESSION wait_timeout = ${sql.lit(IDLE_TIMEOUT_SECONDS)}`.execute(trx);
  try {
    await work();
  } finally {
    await sql`SET SESSION wait_timeout = DEFAULT`.execute(trx).catch(() => undefined);
  }
}

/** The rows that count, as a condition on `product_import_row AS r`. */
export function rowsOf({ id, reading }: ClaimedImport): RawBuilder<unknown> {
  return sql`r.import_id = ${id} AND r.reading = ${reading}`;
}

/** @returns a function that runs a step over all rows, for its share of the progress bar, and counts what it changed */
export function inBatches(
  trx: Transaction<Catalogue>,
  claimed: ClaimedImport,
  { totals, lease, userId }: { totals: Totals; lease: ImportLease; userId: number },
) {
  const actor = { kind: 'user', id: userId } as const;
  const document = { kind: 'import', id: claimed.id };
  const count = totals.new + totals.changed + totals.unchanged + totals.wrong;
  return async (step: BulkStep, share: { from: number; to: number }): Promise<number> => {
    let changed = 0n;
    for (let first = 1; first <= count; first += BATCH) {
      lease.check();
      const rows = sql`${rowsOf(claimed)} AND r.number BETWEEN ${first} AND ${first + BATCH - 1}`;
      changed += await step(trx, { rows, actor, document });
      lease.report(share.from + (share.to - share.from) * Math.min(1, (first + BATCH) / count));
    }
    return Number(changed);
  };
}

/** For an import, or its undoing, that has left less than orders hold. */
export async function noticeOfShort(
  trx: Transaction<Catalogue>,
  claimed: ClaimedImport,
): Promise<{ notice?: string }> {
  const orders = await listShortOrders(
    trx,
    sql`l.product_id IN (
      SELECT r.product_id FROM product_import_row AS r WHERE ${rowsOf(claimed)} AND r.kind = 'changed'
    )`,
  );
  if (orders.length === 0) return {};
  const notice: Notice = { reason: 'shortOrders', values: { orders: orders.join(', ') } };
  return { notice: JSON.stringify(notice) };
}
