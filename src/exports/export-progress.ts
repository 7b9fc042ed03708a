import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue, Directory, ExportState } from '../database/tables.ts';
import { filterQuery, type ProductFilter } from '../product-list/product-filter.ts';

const REPORT_EVERY_MS = 1000;
/** Without its end, an export that is done would be taken to have crashed. */
const LAST_TRIES = 5;
/** After this long without a report, the instance is taken to have crashed. */
const STALE_SECONDS = 15;
const KEEP_MINUTES = 60;

/** The page chooses the id: 16 random bytes in hexadecimal. */
export const exportId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .transform((text) => Buffer.from(text, 'hex'));

export interface ExportKey {
  userId: number;
  id: Buffer;
}

export interface ExportProgress {
  state: ExportState;
  rows: number;
  total: number | null;
}

/** Writes progress to the primary, where every instance sees it; a failed report never stops the export. */
export class ProgressReporter {
  #rows = 0;
  #total: number | null = null;
  readonly #databases: Databases;
  readonly #key: ExportKey;
  readonly #cancel: () => void;
  readonly #ended = new AbortController();
  readonly #reporting: Promise<void>;

  constructor(databases: Databases, key: ExportKey, cancel: () => void) {
    this.#databases = databases;
    this.#key = key;
    this.#cancel = cancel;
    this.#reporting = this.#reportUntilEnd();
  }

  setTotal(counting: Promise<number | null>): void {
    counting.then(
      (total) => (this.#total = total),
      () => undefined,
    );
  }

  async *countRows<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      this.#rows++;
      yield item;
    }
  }

  /** Never rejects. */
  async end(state: ExportState): Promise<void> {
    this.#ended.abort();
    await this.#reporting;
    for (let tries = LAST_TRIES; tries > 0 && !(await this.#report(state)); tries--)
      await sleep(REPORT_EVERY_MS, undefined, { ref: false });
  }

  async #reportUntilEnd(): Promise<void> {
    const { signal } = this.#ended;
    // A retried download of the same address starts from zero.
    await this.#write((db) => deleteProgress(db, this.#key));
    while (!signal.aborted) {
      await this.#report('running');
      await sleep(REPORT_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #report(state: ExportState): Promise<boolean> {
    return this.#write(async (db) => {
      const stored = await saveProgress(db, this.#key, { state, rows: this.#rows, total: this.#total });
      if (stored === 'cancelled' && state === 'running') this.#cancel();
    });
  }

  async #write(work: (db: Kysely<Directory>) => Promise<void>): Promise<boolean> {
    return this.#databases.directory.transact(work, { limitMs: QUICK_CHANGE_MS }).then(
      () => true,
      () => false,
    );
  }
}

/** Null under a filter: counting the matches would take as long as finding them. */
export async function countForProgress(db: Kysely<Catalogue>, filter: ProductFilter): Promise<number | null> {
  if (filterQuery({ ...filter, sort: undefined }) !== '') return null;
  const { count } = await db
    .selectFrom('product')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** @returns the stored state; a cancellation is never overwritten */
async function saveProgress(
  db: Kysely<Directory>,
  { userId, id }: ExportKey,
  { state, rows, total }: ExportProgress,
): Promise<ExportState | undefined> {
  await sql`
    INSERT INTO export_progress (user_id, id, state, rows_written, total, updated_at)
    VALUES (${userId}, ${id}, ${state}, ${rows}, ${total}, UTC_TIMESTAMP(3)) AS new
    ON DUPLICATE KEY UPDATE state = IF(export_progress.state = 'cancelled', 'cancelled', new.state),
      rows_written = new.rows_written, total = new.total, updated_at = new.updated_at`.execute(db);
  const stored = await db
    .selectFrom('export_progress')
    .select('state')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst();
  return stored?.state;
}

async function deleteProgress(db: Kysely<Directory>, { userId, id }: ExportKey): Promise<void> {
  await sql`DELETE FROM export_progress WHERE user_id = ${userId} AND id = ${id}`.execute(db);
}

export function deleteOldProgress(db: Kysely<Directory>) {
  return sql`
    DELETE FROM export_progress
    WHERE updated_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(KEEP_MINUTES)} MINUTE LIMIT 1000`.execute(db);
}

export async function findProgress(
  db: Kysely<Directory>,
  { userId, id }: ExportKey,
): Promise<ExportProgress | undefined> {
  const { rows } = await sql<ExportProgress>`
    SELECT rows_written AS \`rows\`, total,
           IF(state = 'running' AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ${STALE_SECONDS} SECOND,
              'failed', state) AS state
    FROM export_progress WHERE user_id = ${userId} AND id = ${id}`.execute(db);
  return rows[0];
}

export async function cancelExport(db: Kysely<Directory>, { userId, id }: ExportKey): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('export_progress')
    .set({ state: 'cancelled' })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
