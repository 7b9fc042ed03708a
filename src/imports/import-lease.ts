import { sql, type UpdateObject } from 'kysely';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue, ImportState, UndoState } from '../database/tables.ts';
import { inSeconds, Lease, LEASE_END } from '../jobs/lease.ts';
import type { Findings } from './import-queries.ts';

const CHANGE_LIMIT_MS = 8000;
const CHANGES_PRODUCTS = sql`(state = 'applying' OR undo_state <=> 'asked')`;

export interface ClaimedImport {
  id: number;
  attempt: number;
  tries: number;
  state: ImportState;
  file: Buffer;
  fileBytes: number;
  findings: Findings | null;
  reading: number | null;
  userId: number;
  appliedBy: number | null;
  undoState: UndoState | null;
  undoneBy: number | null;
  address: string;
  requestId: string;
}

/** Claims a waiting import. One is applied or undone at a time: two would block on each other's product locks. */
export async function claimImport(
  databases: Databases,
  instance: string,
): Promise<ClaimedImport | undefined> {
  const waiting = await databases.catalogue.readPrimary((db) =>
    db
      .selectFrom('product_import')
      .select('id')
      .where('lease_until', '<', sql<Date>`UTC_TIMESTAMP(3)`)
      .orderBy('lease_until')
      .limit(5)
      .execute(),
  );
  for (const { id } of waiting) {
    const claim = sql`
      UPDATE product_import
      SET attempt = attempt + 1, tries = tries + 1, owner = ${instance},
          lease_until = ${LEASE_END}
      WHERE id = ${id} AND lease_until < UTC_TIMESTAMP(3) AND (NOT ${CHANGES_PRODUCTS} OR NOT EXISTS (
        SELECT 1 FROM (
          SELECT id FROM product_import WHERE ${CHANGES_PRODUCTS} AND lease_until >= UTC_TIMESTAMP(3) LIMIT 1
        ) AS other))`;
    const { numAffectedRows } = await databases.catalogue.transact((trx) => claim.execute(trx), {
      limitMs: QUICK_CHANGE_MS,
    });
    if (numAffectedRows === 1n) return getClaimed(databases, id);
  }
  return undefined;
}

async function getClaimed(databases: Databases, id: number): Promise<ClaimedImport> {
  return databases.catalogue.transact(async (db) => {
    const row = await db
      .selectFrom('product_import')
      .select(['id', 'attempt', 'tries', 'state', 'file', 'file_bytes as fileBytes', 'findings', 'reading'])
      .select(['user_id as userId', 'applied_by as appliedBy', 'address', 'request_id as requestId'])
      .select(['undo_state as undoState', 'undone_by as undoneBy'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return { ...row, findings: row.findings as Findings | null };
  });
}

export class ImportLease extends Lease {
  readonly #databases: Databases;
  readonly #claimed: ClaimedImport;
  #progress = 0;

  constructor(databases: Databases, claimed: ClaimedImport, stopping: AbortSignal) {
    super(stopping);
    this.#databases = databases;
    this.#claimed = claimed;
  }

  /** @param progress from 0 to 1 */
  report(progress: number): void {
    this.#progress = Math.max(this.#progress, Math.min(1, progress));
  }

  /** Ends the lease and saves the outcome. @returns false when another attempt has taken over */
  async finish(changes: UpdateObject<Catalogue, 'product_import'>): Promise<boolean> {
    this.end();
    const { id, attempt } = this.#claimed;
    const { numUpdatedRows } = await this.#databases.catalogue.transact(
      (db) =>
        db
          .updateTable('product_import')
          .set(changes)
          .where('id', '=', id)
          .where('attempt', '=', attempt)
          .executeTakeFirstOrThrow(),
      { limitMs: CHANGE_LIMIT_MS },
    );
    return numUpdatedRows === 1n;
  }

  async release({
    countsAsTry,
    delaySeconds,
  }: {
    countsAsTry: boolean;
    delaySeconds: number;
  }): Promise<void> {
    await this.finish({
      lease_until: inSeconds(delaySeconds),
      ...(!countsAsTry && { tries: sql`tries - 1` }),
    });
  }

  protected override async renew(): Promise<boolean> {
    const { id, attempt } = this.#claimed;
    const { numUpdatedRows } = await this.#databases.catalogue.transact(
      (trx) =>
        trx
          .updateTable('product_import')
          .set({ lease_until: LEASE_END, progress: Math.floor(this.#progress * 1000) })
          .where('id', '=', id)
          .where('attempt', '=', attempt)
          .where('lease_until', 'is not', null)
          .executeTakeFirstOrThrow(),
      { limitMs: QUICK_CHANGE_MS },
    );
    return numUpdatedRows === 1n;
  }
}
