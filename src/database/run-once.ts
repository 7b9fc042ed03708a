import { sql, type Kysely, type Transaction } from 'kysely';
import { Refusal, restoreRefusal, storeRefusal, type StoredRefusal } from './refusal.ts';
import type { Database } from './tables.ts';

/** A value after it was written as JSON and read again: dates have become texts. */
export type FromJson<T> = T extends Date
  ? string
  : T extends object
    ? { [Key in keyof T]: FromJson<T[Key]> }
    : T;

/** The outcome of work that returns nothing: its row holds none. */
const NOTHING = '{}';
const KEPT_HOURS = 24;

type Outcome = { result?: unknown } | StoredRefusal;

/** What a write came to; `get` returns its result or throws its refusal. */
export class CompletedWrite<T> {
  readonly #outcome: Outcome;

  /** @param outcome as JSON, of which both the first answer and a repeated one are made */
  constructor(outcome: string) {
    this.#outcome = JSON.parse(outcome) as Outcome;
  }

  /** @throws the Refusal that the work ended with */
  get(): FromJson<T> {
    if ('refusal' in this.#outcome) throw restoreRefusal(this.#outcome);
    return this.#outcome.result as FromJson<T>;
  }
}

/**
 * Does `work` in a transaction unless a write with this `id` has been done, and keeps what it came to in the
 * same one. A second one at the same time waits for the first one's row.
 *
 * @param id 32 bytes that two requests share which ask the same
 */
export async function runOnce<T>(
  db: Kysely<Database>,
  id: Buffer,
  work: (trx: Transaction<Database>) => Promise<T>,
): Promise<CompletedWrite<T>> {
  try {
    return await db.transaction().execute((trx) => doAndKeep(trx, id, work));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return keepRefusal<T>(db, id, error as Refusal);
  }
}

async function doAndKeep<T>(
  trx: Transaction<Database>,
  id: Buffer,
  work: (trx: Transaction<Database>) => Promise<T>,
): Promise<CompletedWrite<T>> {
  // A repeat changes the row too: its commit then has a position of its own to wait for.
  const { numAffectedRows } = await sql`
    INSERT INTO completed_write (id) VALUES (${id})
    ON DUPLICATE KEY UPDATE repeats = repeats + 1`.execute(trx);
  if (numAffectedRows !== 1n) return findCompleted(trx, id);
  const outcome = JSON.stringify({ result: await work(trx) } satisfies Outcome);
  if (outcome !== NOTHING) {
    await trx.updateTable('completed_write').set({ outcome }).where('id', '=', id).execute();
  }
  return new CompletedWrite<T>(outcome);
}

/**
 * Keeps that the work was refused, and so was rolled back. The same write may have been sent again
 * meanwhile and be done: then what that came to is the answer to both.
 */
async function keepRefusal<T>(
  db: Kysely<Database>,
  id: Buffer,
  refusal: Refusal,
): Promise<CompletedWrite<T>> {
  const outcome = JSON.stringify(storeRefusal(refusal) satisfies Outcome);
  const { numAffectedRows } = await sql`
    INSERT INTO completed_write (id, outcome) VALUES (${id}, ${outcome})
    ON DUPLICATE KEY UPDATE repeats = repeats + 1`.execute(db);
  return numAffectedRows === 1n ? new CompletedWrite<T>(outcome) : findCompleted(db, id);
}

async function findCompleted<T>(db: Kysely<Database>, id: Buffer): Promise<CompletedWrite<T>> {
  const { outcome } = await db
    .selectFrom('completed_write')
    .select('outcome')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return new CompletedWrite<T>(outcome ?? NOTHING);
}

/** A clean-up: deletes some outcomes that no repeated request asks for any more. */
export function deleteOldWrites(db: Kysely<Database>) {
  return sql`
    DELETE FROM completed_write
    WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(KEPT_HOURS)} HOUR LIMIT 10000`.execute(db);
}
