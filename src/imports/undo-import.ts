import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { isDuplicateKey } from '../database/mysql-errors.ts';
import { BARCODE_KEY, barcodesIn } from '../products/barcode-queries.ts';
import { LeaseLostError } from '../jobs/lease.ts';
import { STORED_COLUMNS } from '../products/product-queries.ts';
import {
  copyAddedToDeleted,
  createFormerCategories,
  createFormerSuppliers,
  deleteAdded as deleteAddedProducts,
  dropEmptyBooks,
  recordMovementsBack,
  recordPricesBack,
  setBackBooks,
  setBackProducts as setBackChanged,
} from '../stock/bulk-stock.ts';
import { changedSince, keepingSums, STILL_AS_ADDED, withSumsApart } from '../stock/bulk-sums.ts';
import type { ClaimedImport, ImportLease } from './import-lease.ts';
import {
  setsBooks,
  setsPrices,
  type Findings,
  type Totals,
  type TouchedRow,
  type TouchedRows,
} from './import-queries.ts';
import { inBatches, noticeOfShort, rowsOf, transactAsPerson } from './import-transaction.ts';

const MAX_LISTED = 20;

const deleteAdded = keepingSums(deleteAddedProducts, { before: STILL_AS_ADDED });
const setBackProducts = keepingSums(setBackChanged, { before: changedSince(1), after: changedSince(2) });

export class RowsTouchedError extends DomainError {
  constructor() {
    super({ code: 'import_rows_touched', status: 409, textKey: 'imports.undo.title' });
  }
}

/** One transaction. @throws RowsTouchedError, LeaseLostError */
export async function undoImport(
  databases: Databases,
  claimed: ClaimedImport,
  lease: ImportLease,
): Promise<void> {
  const request = { purpose: 'undo', userId: claimed.undoneBy! } as const;
  await transactAsPerson(databases, claimed, request, (trx) => undo(trx, claimed, lease));
}

async function undo(trx: Transaction<Catalogue>, claimed: ClaimedImport, lease: ImportLease): Promise<void> {
  const { id, attempt } = claimed;
  const { undoState, totals, findings, fileName } = await trx
    .selectFrom('product_import')
    .select(['undo_state as undoState', 'totals', 'findings', 'file_name as fileName'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (undoState === 'done') return;
  const work = { totals: totals as Totals, lease, findings: findings as Findings };
  await withSumsApart(trx, { kind: 'import', id }, () => makeChanges(trx, claimed, work));
  const { new: removed, changed: setBack } = totals as Totals;
  await recordProductEvent(trx, {
    action: 'product.importUndone',
    actor: { kind: 'user', id: claimed.undoneBy },
    target: { id, name: fileName },
    details: { removed, setBack },
  });
  // Last, because this locks the row that `lease.report` updates.
  const { numUpdatedRows } = await trx
    .updateTable('product_import')
    .set({ undo_state: 'done', undone_at: sql`UTC_TIMESTAMP(3)`, ...(await noticeOfShort(trx, claimed)) })
    .where('id', '=', id)
    .where('attempt', '=', attempt)
    .where('undo_state', '=', 'asked')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new LeaseLostError();
}

/** Existing products last, as when an import is applied: people may be waiting for them. */
async function makeChanges(
  trx: Transaction<Catalogue>,
  claimed: ClaimedImport,
  { totals, lease, findings }: { totals: Totals; lease: ImportLease; findings: Findings },
): Promise<void> {
  const hasPrices = setsPrices(findings);
  const all = rowsOf(claimed);
  await assertUntouched(trx, all);
  const run = inBatches(trx, claimed, { totals, lease, userId: claimed.undoneBy! });
  const removals = (0.95 * totals.new) / Math.max(1, totals.new + totals.changed);
  if (totals.new > 0) {
    const copied = await run(copyAddedToDeleted(STORED_COLUMNS), { from: 0, to: removals * 0.4 });
    const deleted = await run(deleteAdded, { from: removals * 0.4, to: removals });
    if (copied !== totals.new || deleted !== totals.new) throw new RowsTouchedError();
  }
  if (totals.changed > 0) {
    await createFormerCategories(trx, all);
    await createFormerSuppliers(trx, all);
    const middle = removals + (0.95 - removals) * 0.3;
    await run(recordMovementsBack, { from: removals, to: middle });
    if (hasPrices) await run(recordPricesBack, { from: middle, to: middle });
    const setBack = await run(setBackProducts, { from: middle, to: 0.95 }).catch((error: unknown) => {
      // Another product has just got a former barcode.
      throw isDuplicateKey(error) ? new RowsTouchedError() : error;
    });
    if (setBack !== totals.changed) throw new RowsTouchedError();
    if (setsBooks(findings)) {
      await run(setBackBooks, { from: 0.95, to: 0.95 });
      await run(dropEmptyBooks, { from: 0.95, to: 0.95 });
    }
  }
}

const FORMER_BARCODES = sql`NULLIF(r.was->>'$.barcodes', '')`;
/** The import has taken away a barcode that is of another product now. */
const HAS_LOST_BARCODE = sql`
  (r.kind = 'changed' AND r.barcodes IS NOT NULL AND EXISTS (
    SELECT 1 FROM ${barcodesIn(FORMER_BARCODES)} AS former
    JOIN product_barcode AS b ON b.barcode = ${BARCODE_KEY}
    WHERE b.product_id <> r.product_id))`;
/** Orders hold some of what would be deleted. */
const IS_HELD = sql`(r.kind = 'new' AND COALESCE(p.exact_reserved, 0) > 0)`;
/** Every change of a product raises its version, and a restored one has another. */
const IS_TOUCHED = sql`
  r.kind IN ('new', 'changed')
  AND (NOT (p.version <=> r.version + IF(r.kind = 'changed', 1, 0)) OR ${HAS_LOST_BARCODE} OR ${IS_HELD})`;

async function assertUntouched(trx: Transaction<Catalogue>, all: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql`
    SELECT /*+ MAX_EXECUTION_TIME(30000) */ 1
    FROM product_import_row AS r LEFT JOIN product AS p ON p.id = r.product_id
    WHERE ${all} AND ${IS_TOUCHED}
    LIMIT 1`.execute(trx);
  if (rows.length > 0) throw new RowsTouchedError();
}

export async function listTouched(db: Kysely<Catalogue>, claimed: ClaimedImport): Promise<TouchedRows> {
  const all = rowsOf(claimed);
  const { rows: counts } = await sql<{ count: number }>`
    SELECT /*+ MAX_EXECUTION_TIME(30000) */ COUNT(*) AS count
    FROM product_import_row AS r LEFT JOIN product AS p ON p.id = r.product_id
    WHERE ${all} AND ${IS_TOUCHED}`.execute(db);
  const { rows } = await sql<Touched>`
    SELECT /*+ MAX_EXECUTION_TIME(30000) */ r.sheet, r.line, r.code, r.name, r.on_hand AS quantity, r.was,
      p.id AS productId, p.name AS ownName, p.on_hand AS ownQuantity, d.id AS deletedId, d.name AS deletedName,
      ${HAS_LOST_BARCODE} AS hasLostBarcode, ${IS_HELD} AS isHeld
    FROM product_import_row AS r
    LEFT JOIN product AS p ON p.id = r.product_id
    LEFT JOIN deleted_product AS d ON d.id = r.product_id
    WHERE ${all} AND ${IS_TOUCHED}
    ORDER BY r.number LIMIT ${sql.lit(MAX_LISTED)}`.execute(db);
  return { count: counts[0]!.count, rows: rows.map(toTouchedRow) };
}

interface Touched {
  sheet: number;
  line: number;
  code: string;
  name: string | null;
  quantity: number | null;
  was: { name: string; quantity: number } | null;
  productId: number | null;
  ownName: string | null;
  ownQuantity: number | null;
  deletedId: number | null;
  deletedName: string | null;
  hasLostBarcode: 0 | 1;
  isHeld: 0 | 1;
}

function toTouchedRow(row: Touched): TouchedRow {
  const { sheet, line, code, productId } = row;
  const imported = row.quantity ?? row.was?.quantity ?? 0;
  const moved = row.ownQuantity === imported ? 'changed' : 'moved';
  const kept = row.isHeld === 1 ? 'held' : row.hasLostBarcode ? 'barcode' : moved;
  return {
    ...{ sheet, line, code, productId },
    name: row.ownName ?? row.deletedName ?? row.name ?? row.was?.name ?? '',
    what: productId !== null ? kept : row.deletedId !== null ? 'deleted' : 'gone',
  };
}
