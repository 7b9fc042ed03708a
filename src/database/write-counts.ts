import { setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery, sql, type Kysely, type Transaction } from 'kysely';
import type { ActorKind, GroupTables } from './tables.ts';
import { withinLimit } from './work.ts';

/** Grace period for a server that hangs. */
const ANSWER_MS = 300;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;
/** Actors per server; older ones are queried again. */
const MAX_REMEMBERED = 10_000;

export interface Actor {
  kind: ActorKind;
  id: number;
  /** Actors share an answer only if their permissions match. */
  permissions?: ReadonlySet<string>;
  /** Write count by database group; a group is missing before the first write there. */
  lastWrite: Readonly<Record<string, number>>;
}

/** Call it last in the write's transaction: it locks the actor's row until the commit. */
export async function countWrite(
  trx: Transaction<GroupTables>,
  group: string,
  { kind, id }: Pick<Actor, 'kind' | 'id'>,
): Promise<number> {
  const { insertId } = await sql`
    INSERT INTO write_count (database_group, actor_kind, actor_id, writes) VALUES (${group}, ${kind}, ${id}, 1)
    ON DUPLICATE KEY UPDATE writes = LAST_INSERT_ID(writes + 1)`.execute(trx);
  // A new row has no AUTO_INCREMENT value to report.
  return insertId === undefined ? 1 : Number(insertId);
}

export class SeenWrites {
  readonly #seen = new Map<string, number>();
  #term = 0;

  /** @param term of the primary: a promotion may undo writes that a server had shown */
  has(actor: string, writes: number, term: number): boolean {
    if (term !== this.#term) this.#seen.clear();
    this.#term = term;
    return (this.#seen.get(actor) ?? 0) >= writes;
  }

  note(actor: string, writes: number): void {
    this.#seen.delete(actor);
    this.#seen.set(actor, writes);
    if (this.#seen.size > MAX_REMEMBERED) this.#seen.delete(this.#seen.keys().next().value!);
  }
}

interface ReadServer {
  db: Kysely<GroupTables>;
  seen: SeenWrites;
}

const COUNT_QUERY = `
  SELECT writes FROM write_count WHERE database_group = ? AND actor_kind = ? AND actor_id = ?`;

export async function showsOwnWrites(
  { db, seen }: ReadServer,
  group: string,
  { kind, id, lastWrite }: Actor,
  { term, limitMs }: { term: number; limitMs: number },
): Promise<boolean> {
  const writes = lastWrite[group] ?? 0;
  const actor = `${kind} ${id}`;
  if (writes === 0 || seen.has(actor, writes, term)) return true;
  const giveUpAt = Date.now() + limitMs;
  const countQuery = CompiledQuery.raw(COUNT_QUERY, [group, kind, id]);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const running = withinLimit(() => db.executeQuery<{ writes: number }>(countQuery), limitMs + ANSWER_MS);
    const shown = await running.then(({ rows }) => rows[0]?.writes ?? 0).catch(() => undefined);
    if (shown === undefined) return false;
    if (shown >= writes) {
      seen.note(actor, shown);
      return true;
    }
    if (Date.now() + pause > giveUpAt) return false;
    await sleep(pause);
  }
}
