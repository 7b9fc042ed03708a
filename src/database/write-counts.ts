import { setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery, sql, type Kysely, type Transaction } from 'kysely';
import type { ActorKind, GroupTables } from './tables.ts';
import { withinLimit } from './work.ts';

/** A server that hangs is not waited for much longer than one that answers. */
const ANSWER_MS = 300;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 20;
/** People whose count on a server is remembered; the others are asked for again. */
const REMEMBERED = 10_000;

/** Who reads and writes. A Principal is one. */
export interface Actor {
  kind: ActorKind;
  id: number;
  /** What the actor may see: people share an answer only if it is the same. */
  permissions?: ReadonlySet<string>;
  /** How many writes the actor has made in each group of databases; a group is missing before the first one. */
  lastWrite: Readonly<Record<string, number>>;
}

/** Counts a write of the actor's in its own transaction. Call it last: it locks the actor's row until the commit. */
export async function countWrite(
  trx: Transaction<GroupTables>,
  group: string,
  { kind, id }: Pick<Actor, 'kind' | 'id'>,
): Promise<number> {
  const { insertId } = await sql`
    INSERT INTO write_count (database_group, actor_kind, actor_id, writes) VALUES (${group}, ${kind}, ${id}, 1)
    ON DUPLICATE KEY UPDATE writes = LAST_INSERT_ID(writes + 1)`.execute(trx);
  // A row that is new has no AUTO_INCREMENT to report.
  return insertId === undefined ? 1 : Number(insertId);
}

/** Which actors' writes a server is known to show. */
export class SeenWrites {
  readonly #seen = new Map<string, number>();
  #term = 0;

  /** @param term the primary's: a promotion may take back what a server had shown */
  has(actor: string, writes: number, term: number): boolean {
    if (term !== this.#term) this.#seen.clear();
    this.#term = term;
    return (this.#seen.get(actor) ?? 0) >= writes;
  }

  note(actor: string, writes: number): void {
    this.#seen.delete(actor);
    this.#seen.set(actor, writes);
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.keys().next().value!);
  }
}

interface ReadServer {
  db: Kysely<GroupTables>;
  seen: SeenWrites;
}

const COUNT = `
  SELECT writes FROM write_count WHERE database_group = ? AND actor_kind = ? AND actor_id = ?`;

/** Whether the server shows all that the actor has written; waits for that, `limitMs` at most. */
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
  const look = CompiledQuery.raw(COUNT, [group, kind, id]);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const asked = withinLimit(() => db.executeQuery<{ writes: number }>(look), limitMs + ANSWER_MS);
    const shown = await asked.then(({ rows }) => rows[0]?.writes ?? 0).catch(() => undefined);
    if (shown === undefined) return false;
    if (shown >= writes) {
      seen.note(actor, shown);
      return true;
    }
    if (Date.now() + pause > giveUpAt) return false;
    await sleep(pause);
  }
}
