import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { Store, type Session, type SessionData } from 'express-session';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../database/tables.ts';

/** An idle session that is used again is prolonged at most this often: most requests write nothing. */
const TOUCH_EVERY_MS = 60_000;
const CLEAN_EVERY_MS = 10 * 60_000;

type Done = (error?: unknown) => void;

/**
 * Sessions in the `session` table of the primary. A store of our own, because one that was destroyed
 * must stay so: saving is an INSERT for a new session and an UPDATE, which finds nothing, for one that
 * another request has ended meanwhile.
 */
export class MysqlSessionStore extends Store {
  readonly #db: Kysely<Database>;
  /** Sessions that have a row: those that were read, and those saved once. */
  readonly #withRow = new WeakSet<SessionData>();
  #cleanedAt = 0;

  constructor(db: Kysely<Database>) {
    super();
    this.#db = db;
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#db
      .selectFrom('session')
      .select('data')
      .where('id', '=', digest(sid))
      .where('expires_at', '>', sql<Date>`UTC_TIMESTAMP(3)`)
      .executeTakeFirst()
      .then((row) => done(null, row ? (row.data as SessionData) : null), done);
  }

  override createSession(req: Request, session: SessionData): Session & SessionData {
    const created = super.createSession(req, session);
    this.#withRow.add(created);
    return created;
  }

  override set(sid: string, session: SessionData, done: Done = () => undefined): void {
    const id = digest(sid);
    const row = {
      data: JSON.stringify(session),
      expires_at: expiryOf(session),
      user_id: session.userId ?? null,
    };
    const save = this.#withRow.has(session)
      ? this.#db.updateTable('session').set(row).where('id', '=', id).execute()
      : this.#db
          .insertInto('session')
          .values({ id, ...row })
          .execute();
    save.then(() => {
      this.#withRow.add(session);
      this.#cleanSometimes();
      done();
    }, done);
  }

  override touch(sid: string, session: SessionData, done: Done = () => undefined): void {
    const expiresAt = expiryOf(session);
    this.#db
      .updateTable('session')
      .set({ expires_at: expiresAt })
      .where('id', '=', digest(sid))
      .where('expires_at', '<', new Date(expiresAt.getTime() - TOUCH_EVERY_MS))
      .execute()
      .then(() => done(), done);
  }

  override destroy(sid: string, done: Done = () => undefined): void {
    this.#db
      .deleteFrom('session')
      .where('id', '=', digest(sid))
      .execute()
      .then(() => done(), done);
  }

  #cleanSometimes(): void {
    if (Date.now() - this.#cleanedAt < CLEAN_EVERY_MS) return;
    this.#cleanedAt = Date.now();
    const clean = sql`DELETE FROM session WHERE expires_at < UTC_TIMESTAMP(3) LIMIT 1000`;
    // It comes round again, so a failure matters to nobody.
    clean.execute(this.#db).catch(() => undefined);
  }
}

function digest(sid: string): Buffer {
  return createHash('sha256').update(sid).digest();
}

/** express-session moves the end of an idle session with each request. */
function expiryOf(session: SessionData): Date {
  return new Date(Date.now() + (session.cookie.originalMaxAge ?? 0));
}
