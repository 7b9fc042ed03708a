import { sql, type Kysely, type Transaction } from 'kysely';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import { groupTables } from './group-tables.ts';
import { restoreRefusal, storeRefusal, type StoredRefusal } from './stored-refusal.ts';
import type { GroupTables } from './tables.ts';
import { countWrite, type Actor } from './write-counts.ts';

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
  /** How many writes the actor has made with this one. */
  readonly writes: number;
  readonly #outcome: Outcome;

  /** @param outcome as JSON, of which both the first answer and a repeated one are made */
  constructor(outcome: string, writes: number) {
    this.#outcome = JSON.parse(outcome) as Outcome;
    this.writes = writes;
  }

  /** @throws the DomainError that the work ended with */
  get(): FromJson<T> {
    if ('refusal' in this.#outcome) throw restoreRefusal(this.#outcome);
    return this.#outcome.result as FromJson<T>;
  }
}

export interface Write {
  /** 32 bytes that two requests share which ask the same. */
  id: Buffer;
  actor: Pick<Actor, 'kind' | 'id'>;
  /** The group of databases that is written to. */
  group: string;
}

/**
 * Does `work` in a transaction unless a write with this id has been done, keeps its outcome and counts the
 * write in the same transaction. A second one at the same time waits for the first one's row.
 *
 * @param db for transactions
 */
export async function runOnce<Tables extends GroupTables, T>(
  db: Kysely<Tables>,
  write: Write,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<CompletedWrite<T>> {
  const completing = (complete: (trx: Transaction<Tables>) => Promise<string>) =>
    db.transaction().execute(async (trx) => {
      const outcome = await complete(trx);
      // A repeat is counted, too: the reads after it wait for the first one then.
      return new CompletedWrite<T>(outcome, await countWrite(groupTables(trx), write.group, write.actor));
    });
  try {
    return await completing((trx) => doAndKeep(trx, write.id, work));
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return completing((trx) => keepRefusal(groupTables(trx), write.id, error));
  }
}

async function doAndKeep<Tables extends GroupTables, T>(
  trx: Transaction<Tables>,
  id: Buffer,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<string> {
  const own = groupTables(trx);
  const { numAffectedRows } = await sql`
    INSERT INTO completed_write (id) VALUES (${id})
    ON DUPLICATE KEY UPDATE repeats = repeats + 1`.execute(own);
  if (numAffectedRows !== 1n) return getOutcome(own, id);
  const outcome = JSON.stringify({ result: await work(trx) } satisfies Outcome);
  if (outcome !== NOTHING) {
    await own.updateTable('completed_write').set({ outcome }).where('id', '=', id).execute();
  }
  return outcome;
}

/**
 * Keeps that the work was refused, and so was rolled back. The same write may have been sent again and done
 * in between: then its outcome is the answer to both.
 */
async function keepRefusal(trx: Transaction<GroupTables>, id: Buffer, refusal: DomainError): Promise<string> {
  const outcome = JSON.stringify(storeRefusal(refusal) satisfies Outcome);
  const { numAffectedRows } = await sql`
    INSERT INTO completed_write (id, outcome) VALUES (${id}, ${outcome})
    ON DUPLICATE KEY UPDATE repeats = repeats + 1`.execute(trx);
  return numAffectedRows === 1n ? outcome : getOutcome(trx, id);
}

async function getOutcome(trx: Transaction<GroupTables>, id: Buffer): Promise<string> {
  const { outcome } = await trx
    .selectFrom('completed_write')
    .select('outcome')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return outcome ?? NOTHING;
}

/** A clean-up: deletes some outcomes that no repeated request asks for any more. */
export function deleteOldWrites(db: Kysely<GroupTables>) {
  return sql`
    DELETE FROM completed_write
    WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(KEPT_HOURS)} HOUR LIMIT 10000`.execute(db);
}
