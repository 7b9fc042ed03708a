import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue, Directory, ExportState } from '../database/tables.ts';
import type { ProductFilter } from '../product-list/product-filter.ts';

const TELL_EVERY_MS = 1000;
/** An instance that has told nothing for so long has ended without a word. */
const SILENT_SECONDS = 15;
const KEEP_MINUTES = 60;

/** What a page names an export by: 16 random bytes. */
export const exportId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .transform((text) => Buffer.from(text, 'hex'));

export interface ExportName {
  userId: number;
  id: Buffer;
}

export interface ExportProgress {
  state: ExportState;
  rows: number;
  /** Null where nobody has counted. */
  total: number | null;
}

/**
 * Tells about a running export by a row on the primary, where every instance sees it, and hears there
 * that it is cancelled. Whatever goes wrong with that is no matter of the export's.
 */
export class ProgressTeller {
  #rows = 0;
  #total: number | null = null;
  readonly #databases: Databases;
  readonly #name: ExportName;
  readonly #cancel: () => void;
  readonly #ended = new AbortController();
  readonly #telling: Promise<void>;

  /** @param cancel called once somebody has asked for that */
  constructor(databases: Databases, name: ExportName, cancel: () => void) {
    this.#databases = databases;
    this.#name = name;
    this.#cancel = cancel;
    this.#telling = this.#keepTelling();
  }

  /** How many it will be, as soon as that is known. */
  expect(counting: Promise<number | null>): void {
    counting.then(
      (total) => (this.#total = total),
      () => undefined,
    );
  }

  /** Passes on what it counts. */
  async *counting<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      this.#rows++;
      yield item;
    }
  }

  /** Says how it has ended; nothing is told after that. Never fails. */
  async end(state: ExportState): Promise<void> {
    this.#ended.abort();
    await this.#telling;
    await this.#tell(state);
  }

  async #keepTelling(): Promise<void> {
    const { signal } = this.#ended;
    // A browser that tries the same address again begins anew.
    await this.#change((db) => forgetExport(db, this.#name));
    while (!signal.aborted) {
      await this.#tell('running');
      await sleep(TELL_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #tell(state: ExportState): Promise<void> {
    await this.#change(async (db) => {
      const told = await tellProgress(db, this.#name, { state, rows: this.#rows, total: this.#total });
      if (told === 'cancelled' && state === 'running') this.#cancel();
    });
  }

  async #change(work: (db: Kysely<Directory>) => Promise<void>): Promise<void> {
    // While the primary is away nobody is told; the file goes on.
    await this.#databases.directory.transact(work, { limitMs: QUICK_CHANGE_MS }).catch(() => undefined);
  }
}

/** Null for a selection: to count that takes as long as to look for it. */
export async function countForProgress(
  db: Kysely<Catalogue>,
  { search, category, availability }: ProductFilter,
): Promise<number | null> {
  if (search || category || availability) return null;
  const { count } = await db
    .selectFrom('product')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

/** @returns what holds now: who has cancelled is not overruled */
async function tellProgress(
  db: Kysely<Directory>,
  { userId, id }: ExportName,
  { state, rows, total }: ExportProgress,
): Promise<ExportState | undefined> {
  await sql`
    INSERT INTO export_progress (user_id, id, state, rows_written, total, updated_at)
    VALUES (${userId}, ${id}, ${state}, ${rows}, ${total}, UTC_TIMESTAMP(3)) AS new
    ON DUPLICATE KEY UPDATE state = IF(export_progress.state = 'cancelled', 'cancelled', new.state),
      rows_written = new.rows_written, total = new.total, updated_at = new.updated_at`.execute(db);
  const told = await db
    .selectFrom('export_progress')
    .select('state')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst();
  return told?.state;
}

async function forgetExport(db: Kysely<Directory>, { userId, id }: ExportName): Promise<void> {
  await sql`DELETE FROM export_progress WHERE user_id = ${userId} AND id = ${id}`.execute(db);
}

/** A clean-up: deletes some rows of exports that ended long ago. */
export function deleteOldProgress(db: Kysely<Directory>) {
  return sql`
    DELETE FROM export_progress
    WHERE updated_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(KEEP_MINUTES)} MINUTE LIMIT 1000`.execute(db);
}

export async function findProgress(
  db: Kysely<Directory>,
  { userId, id }: ExportName,
): Promise<ExportProgress | undefined> {
  const { rows } = await sql<ExportProgress>`
    SELECT rows_written AS \`rows\`, total,
           IF(state = 'running' AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ${SILENT_SECONDS} SECOND,
              'failed', state) AS state
    FROM export_progress WHERE user_id = ${userId} AND id = ${id}`.execute(db);
  return rows[0];
}

/** @returns whether there was something to cancel */
export async function cancelExport(db: Kysely<Directory>, { userId, id }: ExportName): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('export_progress')
    .set({ state: 'cancelled' })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
