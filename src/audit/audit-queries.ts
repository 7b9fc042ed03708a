import { sql, type Kysely } from 'kysely';
import type { Database } from '../database/tables.ts';
import type { AuditAction, KINDS } from './audit-trail.ts';

export interface AuditFilter {
  /** A user's id. */
  user?: number | undefined;
  kind?: (typeof KINDS)[number] | undefined;
}

export interface AuditEvent {
  id: number;
  createdAt: Date;
  action: AuditAction;
  /** Absent when nobody had logged in. */
  username: string | null;
  address: string;
  targetId: number | null;
  targetName: string | null;
  details: Record<string, unknown> | null;
  requestId: string;
}

/** The newest events, at most `limit`, older ones with `before` (an event's id). */
export async function listAuditEvents(
  db: Kysely<Database>,
  { user, kind }: AuditFilter,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<AuditEvent[]> {
  const rows = await db
    .selectFrom('audit_event')
    .leftJoin('user', 'user.id', 'audit_event.user_id')
    .$if(user !== undefined, (query) => query.where('user_id', '=', user!))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind!))
    .$if(before !== undefined, (query) => query.where('audit_event.id', '<', before!))
    .select([
      'audit_event.id',
      'audit_event.created_at as createdAt',
      'action',
      'username',
      'address',
      'target_id as targetId',
      'target_name as targetName',
      'details',
      'request_id as requestId',
    ])
    .orderBy('audit_event.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, action: row.action as AuditAction }));
}

/** All users by name, for a filter by user; those who may log in first. */
export async function listUsernames(db: Kysely<Database>): Promise<{ id: number; username: string }[]> {
  return db
    .selectFrom('user')
    .select(['id', 'username'])
    .orderBy(sql`disabled_at IS NOT NULL`)
    .orderBy('username')
    .limit(1000)
    .execute();
}

/** The addresses from which the user has logged in during the last 30 days. */
export async function listRecentAddresses(db: Kysely<Database>, userId: number): Promise<string[]> {
  const rows = await db
    .selectFrom('audit_event')
    .select('address')
    .distinct()
    .where('user_id', '=', userId)
    .where('action', '=', 'session.started')
    .where('created_at', '>', new Date(Date.now() - 30 * 24 * 3600_000))
    .limit(100)
    .execute();
  return rows.map(({ address }) => address);
}
