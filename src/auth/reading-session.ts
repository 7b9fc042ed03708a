import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { User } from '../database/tables.ts';
import { cookieName } from '../http/cookies.ts';
import { fingerprint } from './password.ts';
import { READING_ONLY, ROLES } from './permissions.ts';
import type { StaffUser } from './principal.ts';
import { findUser } from './user-queries.ts';

const COOKIE = 'inventario.reading';
const KEEP_MS = 30 * 60_000;

const claims = z.strictObject({
  id: z.uuid(),
  userId: z.number().int().positive(),
  /** Of the password that was typed: another one ends the session. */
  password: z.string(),
  until: z.number(),
});

export interface ReadingSession {
  id: string;
  user: StaffUser;
}

/** A signed cookie instead of a row, while nothing can be saved (docs/decisions/log-in-without-primary.md). */
export class ReadingSessions {
  readonly #databases: Databases;
  readonly #key: Buffer;

  constructor({ SESSION_SECRET }: WebConfig, databases: Databases) {
    this.#databases = databases;
    // A key of its own, so that no other signed cookie passes for one of these.
    this.#key = createHmac('sha256', SESSION_SECRET).update('reading session').digest();
  }

  isOffered(): boolean {
    return !this.#databases.directory.monitor.canSave();
  }

  start(req: Request, res: Response, user: User): void {
    const text = JSON.stringify({
      id: randomUUID(),
      userId: user.id,
      password: fingerprint(user.password_hash),
      until: Date.now() + KEEP_MS,
    } satisfies z.output<typeof claims>);
    const payload = Buffer.from(text).toString('base64url');
    res.cookie(cookieName(req, COOKIE), `${payload}.${this.#sign(payload)}`, {
      ...optionsFor(req),
      maxAge: KEEP_MS,
    });
  }

  isPresent(req: Request): boolean {
    return cookieName(req, COOKIE) in (req.cookies as object);
  }

  end(req: Request, res: Response): void {
    res.clearCookie(cookieName(req, COOKIE), optionsFor(req));
  }

  async find(req: Request): Promise<ReadingSession | undefined> {
    const found = this.#verify((req.cookies as Record<string, unknown>)[cookieName(req, COOKIE)]);
    if (!found || found.until < Date.now()) return undefined;
    const user = await this.#databases.directory.readPrimary((db) => findUser(db, found.userId));
    if (!user || !mayRead(user) || fingerprint(user.password_hash) !== found.password) return undefined;
    return { id: found.id, user: toReader(user) };
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url');
  }

  #verify(cookie: unknown): z.output<typeof claims> | undefined {
    if (typeof cookie !== 'string') return undefined;
    const [payload = '', signature = ''] = cookie.split('.');
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(payload))];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    return claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  }
}

/** A one-time password must be replaced first, which has to wait. */
export function mayRead({ disabled_at, must_change_password }: User): boolean {
  return disabled_at === null && must_change_password === 0;
}

function toReader({ id, username, role, list_choices: listChoices }: User): StaffUser {
  const permissions = new Set([...ROLES[role]].filter((permission) => READING_ONLY.has(permission)));
  const common = { kind: 'user', id, username, role, mustChangePassword: false, listChoices } as const;
  return { ...common, permissions, lastWrite: {} };
}

function optionsFor(req: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: req.secure, path: '/' };
}
