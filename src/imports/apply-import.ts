import { sql, type RawBuilder, type Transaction } from 'kysely';
import { recordProductEvent } from '../audit/audit-trail.ts';
import type { Databases } from '../database/databases.ts';
import { isDuplicateKey } from '../database/mysql-errors.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { addUnits, MAX_UNITS } from '../products/unit-queries.ts';
import {
  dropEmptyBooks,
  insertNewProducts,
  noteNewProducts,
  recordInitialPrices,
  recordInitialStock,
  recordMovements,
  recordPrices,
  saveBooks,
  updateProducts as updateExisting,
  type BulkStep,
} from '../stock/bulk-stock.ts';
import { ADDED, changedSince, keepingSums, withSumsApart } from '../stock/bulk-sums.ts';
import { LeaseLostError } from '../jobs/lease.ts';
import type { ClaimedImport, ImportLease } from './import-lease.ts';
import { setsBooks, setsPrices, type Findings, type Totals } from './import-queries.ts';
import { inBatches, noticeOfShort, rowsOf, transactAsPerson } from './import-transaction.ts';
import { DEFAULT_UNIT } from './read-import.ts';

const DEFAULT_CATEGORY = 'Otros';

export class ProductsChangedError extends DomainError {
  constructor() {
    super({ code: 'changed_meanwhile', status: 409, textKey: 'imports.notices.changedMeanwhile' });
  }
}

/** One transaction. @throws ProductsChangedError, LeaseLostError */
export async function applyImport(
  databases: Databases,
  claimed: ClaimedImport,
  lease: ImportLease,
): Promise<void> {
  const request = { purpose: 'import', userId: claimed.appliedBy! } as const;
  await transactAsPerson(databases, claimed, request, (trx) => apply(trx, claimed, lease));
}

async function apply(trx: Transaction<Catalogue>, claimed: ClaimedImport, lease: ImportLease): Promise<void> {
  const { id, attempt } = claimed;
  const { state, totals, findings, fileName } = await trx
    .selectFrom('product_import')
    .select(['state', 'totals', 'findings', 'file_name as fileName'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (state === 'applied') return;
  const work = { totals: totals as Totals, lease, findings: findings as Findings };
  await withSumsApart(trx, { kind: 'import', id }, () => makeChanges(trx, claimed, work));
  const { changed, unchanged, new: added, wrong: leftOut } = totals as Totals;
  const details = { added, changed, unchanged, ...(leftOut > 0 && { leftOut }) };
  const target = { id, name: fileName };
  const actor = { kind: 'user', id: claimed.appliedBy } as const;
  await recordProductEvent(trx, { action: 'product.imported', actor, target, details });
  // Last, because this locks the row that `lease.report` updates. The runner ends the lease after the commit.
  const { numUpdatedRows } = await trx
    .updateTable('product_import')
    .set({ state: 'applied', applied_at: sql`UTC_TIMESTAMP(3)`, undo_state: 'possible' })
    .set(await noticeOfShort(trx, claimed))
    .where('id', '=', id)
    .where('attempt', '=', attempt)
    .where('state', '=', 'applying')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new LeaseLostError();
}

async function makeChanges(
  trx: Transaction<Catalogue>,
  claimed: ClaimedImport,
  { totals, lease, findings }: { totals: Totals; lease: ImportLease; findings: Findings },
): Promise<void> {
  const hasPrices = setsPrices(findings);
  const all = rowsOf(claimed);
  await assertUnchanged(trx, all);
  await createCategories(trx, all);
  await useUnits(trx, all);
  await createSuppliers(trx, all);
  const run = inBatches(trx, claimed, { totals, lease, userId: claimed.appliedBy! });
  const insertsShare = (0.95 * totals.new) / Math.max(1, totals.new + totals.changed);
  if (totals.new > 0) {
    await run(insertProducts, { from: 0, to: insertsShare * 0.6 });
    await run(recordInitialStock, { from: insertsShare * 0.6, to: insertsShare * 0.85 });
    if (hasPrices) await run(recordInitialPrices, { from: insertsShare * 0.85, to: insertsShare * 0.85 });
    await run(noteNewProducts, { from: insertsShare * 0.85, to: insertsShare });
  }
  if (totals.changed > 0) {
    await run(recordMovements, { from: insertsShare, to: insertsShare + (0.95 - insertsShare) * 0.3 });
    const share = { from: insertsShare + (0.95 - insertsShare) * 0.3, to: 0.95 };
    if (hasPrices) await run(recordPrices, { from: share.from, to: share.from });
    if ((await run(updateProducts, share)) !== totals.changed) throw new ProductsChangedError();
  }
  if (setsBooks(findings)) {
    await run(saveBooks, { from: 0.95, to: 0.95 });
    await run(dropEmptyBooks, { from: 0.95, to: 0.95 });
  }
}

async function assertUnchanged(trx: Transaction<Catalogue>, all: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql`
    SELECT /*+ MAX_EXECUTION_TIME(30000) */ 1
    FROM product_import_row AS r LEFT JOIN product AS p ON p.code = r.code
    WHERE ${all} AND r.kind <> 'wrong' AND NOT (p.id <=> r.product_id AND p.version <=> r.version)
    LIMIT 1`.execute(trx);
  if (rows.length > 0) throw new ProductsChangedError();
}

/** A category takes the spelling of the first row that names it. */
async function createCategories(trx: Transaction<Catalogue>, all: RawBuilder<unknown>): Promise<void> {
  await sql`
    INSERT IGNORE INTO category (name)
    SELECT r.category
    FROM product_import_row AS r JOIN (
      SELECT MIN(r.number) AS number
      FROM product_import_row AS r LEFT JOIN category AS c ON c.name = r.category
      WHERE ${all} AND r.kind IN ('new', 'changed') AND r.category IS NOT NULL AND c.id IS NULL
      GROUP BY r.category
    ) AS first ON first.number = r.number
    WHERE ${all}`.execute(trx);
  await sql`
    INSERT IGNORE INTO category (name)
    SELECT ${DEFAULT_CATEGORY} FROM (SELECT COUNT(*) AS count FROM category WHERE name = ${DEFAULT_CATEGORY}) AS found
    WHERE found.count = 0`.execute(trx);
  // None may be merged or deleted before the last product is in it.
  await sql`SELECT id FROM category FOR SHARE`.execute(trx);
}

async function createSuppliers(trx: Transaction<Catalogue>, all: RawBuilder<unknown>): Promise<void> {
  const { numAffectedRows = 0n } = await sql`
    INSERT IGNORE INTO supplier (name)
    SELECT r.supplier
    FROM product_import_row AS r LEFT JOIN supplier AS s ON s.name = r.supplier
    WHERE ${all} AND r.kind IN ('new', 'changed') AND r.supplier <> '' AND s.id IS NULL
    ORDER BY r.number`.execute(trx);
  if (numAffectedRows === 0n) return;
  // None may be deleted before the last product has it.
  await sql`SELECT id FROM supplier FOR SHARE`.execute(trx);
}

async function useUnits(trx: Transaction<Catalogue>, all: RawBuilder<unknown>): Promise<void> {
  const { rows: missing } = await sql<{ code: string }>`
    SELECT /*+ MAX_EXECUTION_TIME(30000) */ DISTINCT r.unit AS code
    FROM product_import_row AS r LEFT JOIN unit AS u ON u.code = r.unit
    WHERE ${all} AND r.kind IN ('new', 'changed') AND r.unit IS NOT NULL AND u.code IS NULL
    LIMIT ${sql.lit(MAX_UNITS)}`.execute(trx);
  await addUnits(
    trx,
    missing.map(({ code }) => code),
  );
  const { rows: refused } = await sql`
    SELECT /*+ MAX_EXECUTION_TIME(30000) */ 1
    FROM product_import_row AS r
    LEFT JOIN product AS p ON p.id = r.product_id
    LEFT JOIN unit AS u ON u.code = COALESCE(r.unit, p.unit, ${DEFAULT_UNIT})
    WHERE ${all} AND r.kind IN ('new', 'changed') AND IF(r.quantity IS NULL, p.rounded_up, r.rounded_up) > 0
      AND COALESCE(r.on_hand, p.on_hand) <> ROUND(COALESCE(r.on_hand, p.on_hand), COALESCE(u.decimals, 0))
    LIMIT 1
    FOR SHARE OF u`.execute(trx);
  if (refused.length > 0) throw new ProductsChangedError();
}

const insertProducts = keepingSums(
  refusingDuplicates(insertNewProducts({ category: DEFAULT_CATEGORY, unit: DEFAULT_UNIT })),
  { after: ADDED },
);
const updateProducts = keepingSums(refusingDuplicates(updateExisting), {
  before: changedSince(0),
  after: changedSince(1),
});

/** A code or a barcode was free when the preview was made. */
function refusingDuplicates(step: BulkStep): BulkStep {
  return async (trx, bulk) => {
    try {
      return await step(trx, bulk);
    } catch (error) {
      if (isDuplicateKey(error)) throw new ProductsChangedError();
      throw error;
    }
  };
}
