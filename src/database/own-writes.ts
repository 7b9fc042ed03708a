import { sql, type Kysely } from 'kysely';
import { retrying } from './retrying.ts';
import type { Database } from './tables.ts';
import { withinLimit } from './work.ts';
import { gtidSetUpTo, type WritePosition } from './write-position.ts';

/** A server that hangs is not waited for much longer than one that answers. */
const ANSWER_MS = 300;

/** Whoever reads and writes; carries how far a server must be to show the own last write. */
export interface Actor {
  id: number;
  lastWrite: WritePosition | undefined;
}

export interface ReadServer {
  db: Kysely<Database>;
  /** The furthest position that it is known to have executed, and the primary's term at that time. */
  reached: (WritePosition & { term: number }) | undefined;
}

/**
 * Whether the server shows what was written up to `position`; waits for that, `limitMs` at most.
 *
 * @param term the primary's: a promotion may take back what a server had executed
 */
export async function hasReached(
  server: ReadServer,
  position: WritePosition | undefined,
  { term, limitMs }: { term: number; limitMs: number },
): Promise<boolean> {
  if (!position) return true;
  const { reached } = server;
  const isKnown = reached?.term === term && reached.source === position.source;
  if (isKnown && reached.sequence >= position.sequence) return true;
  const wait = sql<{ timedOut: 0 | 1 }>`
    SELECT WAIT_FOR_EXECUTED_GTID_SET(${gtidSetUpTo(position)}, ${limitMs / 1000}) AS timedOut`;
  const answer = withinLimit((db) => wait.execute(db), server.db, limitMs + ANSWER_MS);
  const rows = await answer.then(({ rows }) => rows).catch(() => []);
  if (rows[0]?.timedOut !== 0) return false;
  server.reached = { ...position, term };
  return true;
}

/**
 * Kept by user on the primary, so that it holds on every instance and every device. Two writes at once
 * may end in either order: the later position stays. Where it fails the write counts as not known to be
 * done: sent again, it is noted again.
 */
export async function noteLastWrite(
  db: Kysely<Database>,
  actor: Actor,
  position: WritePosition,
): Promise<void> {
  actor.lastWrite = position;
  const { source, sequence } = position;
  const note = sql`
    INSERT INTO last_write (user_id, source, sequence) VALUES (${actor.id}, ${source}, ${sequence})
    ON DUPLICATE KEY UPDATE
      sequence = IF(source = VALUES(source), GREATEST(sequence, VALUES(sequence)), VALUES(sequence)),
      source = VALUES(source)`;
  await retrying(() => note.execute(db));
}
