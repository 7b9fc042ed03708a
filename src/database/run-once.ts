import { sql, type Transaction } from 'kysely';
import { Refusal, restoreRefusal, storeRefusal, type StoredRefusal } from './refusal.ts';
import type { Database } from './tables.ts';

/** A value after it was written as JSON and read again: dates have become texts. */
export type FromJson<T> = T extends Date
  ? string
  : T extends object
    ? { [Key in keyof T]: FromJson<T[Key]> }
    : T;

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
 * Does `work` unless a write with this `id` has been done, and keeps what it came to in the same
 * transaction. A second one at the same time waits for the first one's row.
 *
 * @param id 32 bytes that two requests share which ask the same
 */
export async function runOnce<T>(
  trx: Transaction<Database>,
  id: Buffer,
  work: (trx: Transaction<Database>) => Promise<T>,
): Promise<CompletedWrite<T>> {
  // A repeat changes the row too: its commit then has a position of its own to wait for.
  const { numAffectedRows } = await sql`
    INSERT INTO completed_write (id) VALUES (${id})
    ON DUPLICATE KEY UPDATE repeats = repeats + 1`.execute(trx);
  if (numAffectedRows !== 1n) {
    const { outcome } = await trx
      .selectFrom('completed_write')
      .select('outcome')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return new CompletedWrite<T>(outcome ?? '{}');
  }
  await sql`SAVEPOINT work`.execute(trx);
  const result = await work(trx).then(
    (result): Outcome => ({ result }),
    async (error: unknown): Promise<Outcome> => {
      if (!(error instanceof Refusal)) throw error;
      await sql`ROLLBACK TO SAVEPOINT work`.execute(trx);
      return storeRefusal(error as Refusal);
    },
  );
  const outcome = JSON.stringify(result);
  await trx.updateTable('completed_write').set({ outcome }).where('id', '=', id).execute();
  return new CompletedWrite<T>(outcome);
}
