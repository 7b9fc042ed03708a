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

/** Sessions are extended at most this often, so that most requests write nothing. */
const TOUCH_EVERY_MS = 60_000;
const SAVE_LIMIT_MS = 500;
const BATCH_SIZE = 100;

interface Lookup {
  /** SHA-256 of the cookie value. */
  id: Buffer;
  context: RequestContext | undefined;
}

type Done = (error?: unknown) => void;

/** INSERTs new sessions and UPDATEs known ones, so that a slow request cannot restore a destroyed session. */
export class MysqlSessionStore extends Store {
  readonly #databases: Databases;
  readonly #lookups: DataLoader<Lookup, StoredSession | undefined>;
  #inFlight: Promise<unknown> = Promise.resolve();
  readonly #rowExpiry = new WeakMap<SessionData, Date>();
  readonly #users = new WeakMap<SessionData, StaffUser | undefined>();

  constructor(databases: Databases) {
    super();
    this.#databases = databases;
    // Lookups that arrive during a query share the next one, which starts after them: none sees a destroyed session.
    this.#lookups = new DataLoader((lookups) => (this.#inFlight = this.#find(lookups)), {
      cache: false,
      maxBatchSize: BATCH_SIZE,
      batchScheduleFn: (dispatch) => void this.#inFlight.then(dispatch, dispatch),
    });
  }

  async #find(lookups: readonly Lookup[]): Promise<(StoredSession | undefined)[]> {
    const ids = lookups.map(({ id }) => id);
    const query = () => this.#databases.directory.readPrimary((db) => findSessions(db, ids));
    const contexts = lookups.flatMap(({ context }) => context ?? []);
    if (contexts.length < 2) return query();
    const shared = { id: contexts.map(({ id }) => id).join(' '), address: '', servers: new Set<string>() };
    const found = await requestContext.run(shared, query);
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

  /** As of the read; undefined if disabled. */
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
      // Only a new session must be saved: failing here would cut off a page that is already rendered.
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

  /** Does not wait: express-session withholds the last byte of the response until `done` is called. */
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

function expiryOf(session: SessionData): Date {
  return new Date(Date.now() + (session.cookie.originalMaxAge ?? 0));
}

export function deleteExpiredSessions(db: Kysely<Directory>) {
  return sql`DELETE FROM session WHERE expires_at < UTC_TIMESTAMP(3) LIMIT 1000`.execute(db);
}
