import { sql, type UpdateObject } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Database, ImportState } from '../database/tables.ts';
import type { Findings } from './import-queries.ts';

const LEASE_SECONDS = 8;
const HEARTBEAT_MS = 1000;
const CHANGE_LIMIT_MS = 8000;

/** An import that this instance works on. */
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
  address: string;
  requestId: string;
}

/** Another instance has taken the import over, or this one ends. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError';
}

/**
 * Takes an import that nobody works on, if there is one. One that is to be applied waits while another is:
 * they would wait for each other's products.
 */
export async function claimImport(
  databases: Databases,
  instance: string,
): Promise<ClaimedImport | undefined> {
  const waiting = await databases.readLatest((db) =>
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
          lease_until = UTC_TIMESTAMP(3) + INTERVAL ${sql.lit(LEASE_SECONDS)} SECOND
      WHERE id = ${id} AND lease_until < UTC_TIMESTAMP(3) AND (state <> 'applying' OR NOT EXISTS (
        SELECT 1 FROM (
          SELECT id FROM product_import WHERE state = 'applying' AND lease_until >= UTC_TIMESTAMP(3) LIMIT 1
        ) AS other))`;
    const { numAffectedRows } = await databases.change((db) => claim.execute(db));
    if (numAffectedRows === 1n) return getClaimed(databases, id);
  }
  return undefined;
}

async function getClaimed(databases: Databases, id: number): Promise<ClaimedImport> {
  return databases.onPrimary(async (db) => {
    const row = await db
      .selectFrom('product_import')
      .select(['id', 'attempt', 'tries', 'state', 'file', 'file_bytes as fileBytes', 'findings', 'reading'])
      .select(['user_id as userId', 'applied_by as appliedBy', 'address', 'request_id as requestId'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return { ...row, findings: row.findings as Findings | null };
  });
}

/** Keeps an import for this instance, tells how far it is, and notices when it is lost. */
export class Lease {
  readonly #databases: Databases;
  readonly #claimed: ClaimedImport;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #isBusy = false;
  #progress = 0;

  constructor(databases: Databases, claimed: ClaimedImport, ending: AbortSignal) {
    this.#databases = databases;
    this.#claimed = claimed;
    this.#timer = setInterval(() => void this.#renew(), HEARTBEAT_MS);
    if (ending.aborted) this.#lost.abort();
    ending.addEventListener('abort', () => this.#lost.abort(), { signal: this.#lost.signal });
  }

  /** @param progress from 0 to 1 */
  report(progress: number): void {
    this.#progress = Math.max(this.#progress, Math.min(1, progress));
  }

  /** @throws LeaseLostError */
  check(): void {
    if (this.#lost.signal.aborted) throw new LeaseLostError();
  }

  /**
   * Runs what stops at a signal when the import is lost.
   *
   * @throws LeaseLostError
   */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.check();
    try {
      return await work(this.#lost.signal);
    } catch (error) {
      this.check();
      throw error;
    }
  }

  /** Ends this attempt's hold on the import, with what came of it; nothing when it was lost. */
  async finish(changes: UpdateObject<Database, 'product_import'>): Promise<boolean> {
    this.end();
    const { id, attempt } = this.#claimed;
    const { numUpdatedRows } = await this.#databases.change(
      (db) =>
        db
          .updateTable('product_import')
          .set(changes)
          .where('id', '=', id)
          .where('attempt', '=', attempt)
          .executeTakeFirstOrThrow(),
      CHANGE_LIMIT_MS,
    );
    return numUpdatedRows === 1n;
  }

  /** Somebody may take it over, after a moment: what went wrong may be over by then. */
  async release({ counts, seconds }: { counts: boolean; seconds: number }): Promise<void> {
    await this.finish({
      lease_until: sql`UTC_TIMESTAMP(3) + INTERVAL ${sql.lit(seconds)} SECOND`,
      ...(!counts && { tries: sql`tries - 1` }),
    });
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const { id, attempt } = this.#claimed;
    try {
      const { numUpdatedRows } = await this.#databases.change((db) =>
        db
          .updateTable('product_import')
          .set({
            lease_until: sql`UTC_TIMESTAMP(3) + INTERVAL ${sql.lit(LEASE_SECONDS)} SECOND`,
            progress: Math.floor(this.#progress * 1000),
          })
          .where('id', '=', id)
          .where('attempt', '=', attempt)
          .where('lease_until', 'is not', null)
          .executeTakeFirstOrThrow(),
      );
      if (numUpdatedRows === 0n) this.#lost.abort();
    } catch {
      // The next one tries again; when none gets through, somebody else takes the import over.
    } finally {
      this.#isBusy = false;
    }
  }
}
