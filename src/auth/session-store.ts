import { createHash } from 'node:crypto';
import DataLoader from 'dataloader';
import type { Request } from 'express';
import { Store, type Session, type SessionData } from 'express-session';
import { sql, type Kysely } from 'kysely';
import type { StaffUser } from './principal.ts';
import { findSessions, type StoredSession } from './user-queries.ts';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Directory } from '../database/tables.ts';
import { requestContext, type RequestContext } from '../telemetry/request-context.ts';

/** An idle session that is used again is prolonged at most this often: most requests write nothing. */
const TOUCH_EVERY_MS = 60_000;
/** A page waits this long for a change of its session. */
const SAVE_LIMIT_MS = 500;
/** Sessions asked for in one statement. */
const MOST_AT_ONCE = 100;

interface Lookup {
  /** As stored. */
  id: Buffer;
  context: RequestContext | undefined;
}

type Done = (error?: unknown) => void;

/**
 * Sessions in the `session` table of the primary; read from a replica while that is away. A store of our own,
 * because one that was destroyed must stay so: saving is an INSERT for a new session and an UPDATE, which
 * finds nothing, for one that another request has ended meanwhile.
 */
export class MysqlSessionStore extends Store {
  readonly #databases: Databases;
  readonly #lookups: DataLoader<Lookup, StoredSession | undefined>;
  /** The lookup that is on its way. */
  #looking: Promise<unknown> = Promise.resolve();
  /** When the row of each session that was read or saved expires; a new session has none. */
  readonly #rowExpiry = new WeakMap<SessionData, Date>();
  readonly #users = new WeakMap<SessionData, StaffUser | undefined>();

  constructor(databases: Databases) {
    super();
    this.#databases = databases;
    // Under load, whoever comes while a question is on its way shares the next one: it is asked after all of
    // them have come, so that a session that was ended is found by none.
    this.#lookups = new DataLoader((lookups) => (this.#looking = this.#find(lookups)), {
      cache: false,
      maxBatchSize: MOST_AT_ONCE,
      batchScheduleFn: (ask) => void this.#looking.then(ask, ask),
    });
  }

  async #find(lookups: readonly Lookup[]): Promise<(StoredSession | undefined)[]> {
    const ids = lookups.map(({ id }) => id);
    const asked = () => this.#databases.directory.readPrimary((db) => findSessions(db, ids));
    const contexts = lookups.flatMap(({ context }) => context ?? []);
    if (contexts.length < 2) return asked();
    const shared = { id: contexts.map(({ id }) => id).join(' '), address: '', servers: new Set<string>() };
    const found = await requestContext.run(shared, asked);
    for (const { servers } of contexts) shared.servers.forEach((server) => servers.add(server));
    return found;
  }

  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#lookups.load({ id: digest(sid), context: requestContext.getStore() }).then((found) => {
      if (!found) return done(null, null);
      const session = found.data as SessionData;
      this.#rowExpiry.set(session, found.expiresAt);
      this.#users.set(session, found.user);
      done(null, session);
    }, done);
  }

  /** Who was signed in with the session when it was read, if they may still be. */
  userOf(session: SessionData): StaffUser | undefined {
    return this.#users.get(session);
  }

  override createSession(req: Request, session: SessionData): Session & SessionData {
    const created = super.createSession(req, session);
    const expiry = this.#rowExpiry.get(session);
    if (expiry) this.#rowExpiry.set(created, expiry);
    this.#users.set(created, this.#users.get(session));
    return created;
  }

  override set(sid: string, session: SessionData, done: Done = () => undefined): void {
    const isNew = !this.#rowExpiry.has(session);
    this.#save(digest(sid), session, isNew).then(
      () => done(),
      // A log-in must have its session. Whatever else might be kept in one may be lost: an error here would
      // cut off the page that has just been made.
      (error: unknown) => done(isNew ? error : undefined),
    );
  }

  async #save(id: Buffer, session: SessionData, isNew: boolean): Promise<void> {
    const expiry = expiryOf(session);
    const row = { data: JSON.stringify(session), expires_at: expiry, user_id: session.userId ?? null };
    if (isNew) {
      await this.#databases.directory.transact(
        (trx) =>
          trx
            .insertInto('session')
            .values({ id, ...row })
            .execute(),
        { limitMs: QUICK_CHANGE_MS },
      );
    } else {
      await this.#databases.directory.transact(
        (db) => db.updateTable('session').set(row).where('id', '=', id).execute(),
        { limitMs: SAVE_LIMIT_MS },
      );
    }
    this.#rowExpiry.set(session, expiry);
  }

  /**
   * Prolongs a session, without anybody waiting for it: express-session holds back the last byte of a
   * response until this is done, and a response that has begun is lost if the instance dies.
   */
  override touch(sid: string, session: SessionData, done: Done = () => undefined): void {
    done();
    const expiry = expiryOf(session);
    const current = this.#rowExpiry.get(session)?.getTime() ?? 0;
    if (expiry.getTime() - current < TOUCH_EVERY_MS) return;
    this.#databases.directory
      .transact(
        (trx) =>
          trx.updateTable('session').set({ expires_at: expiry }).where('id', '=', digest(sid)).execute(),
        { limitMs: QUICK_CHANGE_MS },
      )
      // The next request tries again.
      .catch(() => undefined);
  }

  override destroy(sid: string, done: Done = () => undefined): void {
    this.#databases.directory
      .transact((trx) => trx.deleteFrom('session').where('id', '=', digest(sid)).execute(), {
        limitMs: QUICK_CHANGE_MS,
      })
      .then(() => done(), done);
  }
}

function digest(sid: string): Buffer {
  return createHash('sha256').update(sid).digest();
}

/** express-session moves the end of an idle session with each request. */
function expiryOf(session: SessionData): Date {
  return new Date(Date.now() + (session.cookie.originalMaxAge ?? 0));
}

/** A clean-up: deletes some sessions that are over. */
export function deleteExpiredSessions(db: Kysely<Directory>) {
  return sql`DELETE FROM session WHERE expires_at < UTC_TIMESTAMP(3) LIMIT 1000`.execute(db);
}
