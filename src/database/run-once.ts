import { sql, type Kysely, type Transaction } from 'kysely';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import { groupTables } from './group-tables.ts';
import { restoreRefusal, storeRefusal, type StoredRefusal } from './stored-refusal.ts';
import type { GroupTables } from './tables.ts';
import { countWrite, type Actor } from './write-counts.ts';

/** `T` after a round trip through JSON. */
export type FromJson<T> = T extends Date
  ? string
  : T extends object
    ? { [Key in keyof T]: FromJson<T[Key]> }
    : T;

const EMPTY_OUTCOME = '{}';
const RETENTION_HOURS = 24;

type Outcome = { result?: unknown } | StoredRefusal;

export class CompletedWrite<T> {
  readonly writes: number;
  readonly #outcome: Outcome;

  /** @param outcome JSON, so that first and repeated answers are identical */
  constructor(outcome: string, writes: number) {
    this.#outcome = JSON.parse(outcome) as Outcome;
    this.writes = writes;
  }

  get(): FromJson<T> {
    if ('refusal' in this.#outcome) throw restoreRefusal(this.#outcome);
    return this.#outcome.result as FromJson<T>;
  }
}

export interface Write {
  /** 32 bytes, the same for identical requests. */
  id: Buffer;
  actor: Pick<Actor, 'kind' | 'id'>;
  group: string;
}

/**
 * Runs `work` unless a write with this id is done. Stores the outcome and counts the write in the same
 * transaction. A concurrent repeat waits for the first one's row lock.
 *
 * @param db for transactions
 */
export async function runOnce<Tables extends GroupTables, T>(
  db: Kysely<Tables>,
  write: Write,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<CompletedWrite<T>> {
  const inTransaction = (complete: (trx: Transaction<Tables>) => Promise<string>) =>
    db.transaction().execute(async (trx) => {
      const outcome = await complete(trx);
      // A repeat counts too, so that the reads after it wait for the first write.
      return new CompletedWrite<T>(outcome, await countWrite(groupTables(trx), write.group, write.actor));
    });
  try {
    return await inTransaction((trx) => runAndStore(trx, write.id, work));
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return inTransaction((trx) => storeRefusalOutcome(groupTables(trx), write.id, error));
  }
}

async function runAndStore<Tables extends GroupTables, T>(
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
  if (outcome !== EMPTY_OUTCOME) {
    await own.updateTable('completed_write').set({ outcome }).where('id', '=', id).execute();
  }
  return outcome;
}

/** A concurrent repeat may have succeeded since the rollback: its outcome then answers both. */
async function storeRefusalOutcome(
  trx: Transaction<GroupTables>,
  id: Buffer,
  refusal: DomainError,
): Promise<string> {
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
  return outcome ?? EMPTY_OUTCOME;
}

export function deleteOldWrites(db: Kysely<GroupTables>) {
  return sql`
    DELETE FROM completed_write
    WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ${sql.lit(RETENTION_HOURS)} HOUR LIMIT 10000`.execute(db);
}
