import { sql, type Kysely, type Transaction } from 'kysely';
import { isDomainError } from '../errors/domain-error.ts';
import { groupTables } from './group-tables.ts';
import { restoreRefusal, storeRefusal, type StoredRefusal } from './stored-refusal.ts';
import type { GroupTables } from './tables.ts';
import { countWrite, type Actor } from './write-counts.ts';

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

/** The write is done already, so this transaction has to be rolled back. */
class RepeatedWrite extends Error {
  override name = 'RepeatedWrite';
}

export interface Write {
  /** 32 bytes, the same for identical requests. */
  id: Buffer;
  actor: Pick<Actor, 'kind' | 'id'>;
  group: string;
}

/** Runs `work` unless a write with this id is done. Stores the outcome and counts the write in the same transaction. */
export async function runOnce<Tables extends GroupTables, T>(
  db: Kysely<Tables>,
  { id, actor, group }: Write,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<CompletedWrite<T>> {
  const inTransaction = (complete: (trx: Transaction<Tables>) => Promise<string>) =>
    db.transaction().execute(async (trx) => {
      const outcome = await complete(trx);
      // A repeat counts too, so that the reads after it wait for the first write.
      return new CompletedWrite<T>(outcome, await countWrite(groupTables(trx), group, actor));
    });
  try {
    return await inTransaction(async (trx) => {
      const outcome = JSON.stringify({ result: await work(trx) } satisfies Outcome);
      // Last, to save a statement: a repeat works in vain, and is rolled back.
      if (!(await isStored(groupTables(trx), id, outcome))) throw new RepeatedWrite();
      return outcome;
    });
  } catch (error) {
    if (!(error instanceof RepeatedWrite) && !isDomainError(error)) throw error;
    // A refused repeat gets the first outcome as well: the first write may be what it is refused for.
    const outcome = isDomainError(error)
      ? JSON.stringify(storeRefusal(error) satisfies Outcome)
      : EMPTY_OUTCOME;
    return inTransaction(async (trx) =>
      (await isStored(groupTables(trx), id, outcome)) ? outcome : getOutcome(groupTables(trx), id),
    );
  }
}

/** A concurrent repeat waits for the first one's row lock. @returns false when the id has an outcome already */
async function isStored(trx: Transaction<GroupTables>, id: Buffer, outcome: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    INSERT INTO completed_write (id, outcome) VALUES (${id}, ${outcome === EMPTY_OUTCOME ? null : outcome})
    ON DUPLICATE KEY UPDATE repeats = repeats + 1`.execute(trx);
  return numAffectedRows === 1n;
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
