import type { Kysely } from 'kysely';
import type { Catalogue, Directory } from '../database/tables.ts';
import type { AuditAction, KINDS } from './audit-trail.ts';

export interface AuditFilter {
  user?: number | undefined;
  kind?: (typeof KINDS)[number] | undefined;
}

export interface AuditEvent {
  id: number;
  trail: 'account' | 'product';
  createdAt: Date;
  action: AuditAction;
  /** Null for anonymous requests and system actions. */
  userId: number | null;
  username: string | null;
  /** Of a customer who sells in the shop. */
  isOfCustomer: boolean;
  address: string;
  targetId: number | null;
  targetName: string | null;
  details: Record<string, unknown> | null;
  requestId: string;
}

interface Page {
  limit: number;
  before?: number | undefined;
}

const COLUMNS = [
  'id',
  'created_at as createdAt',
  'action',
  'address',
  'target_id as targetId',
  'target_name as targetName',
  'details',
  'request_id as requestId',
] as const;

export async function listAuditEvents(
  db: Kysely<Directory>,
  { user, kind }: AuditFilter,
  { limit, before }: Page,
): Promise<AuditEvent[]> {
  const rows = await db
    .selectFrom('audit_event')
    .$if(user !== undefined, (query) => query.where('user_id', '=', user!))
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .select([...COLUMNS, 'user_id as userId'])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => toEvent('account', { ...row, isOfCustomer: false }));
}

export async function listProductEvents(
  db: Kysely<Catalogue>,
  { user, kind }: AuditFilter,
  { limit, before }: Page,
): Promise<AuditEvent[]> {
  if (kind !== undefined && kind !== 'product') return [];
  const rows = await db
    .selectFrom('product_event')
    .$if(user !== undefined, (query) => query.where('actor_kind', '=', 'user').where('actor_id', '=', user!))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .select([...COLUMNS, 'actor_kind', 'actor_id'])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ actor_kind, actor_id, ...row }) =>
    toEvent('product', {
      ...row,
      userId: actor_kind === 'user' ? actor_id : null,
      isOfCustomer: actor_kind === 'customer',
    }),
  );
}

type Row = Omit<AuditEvent, 'trail' | 'action' | 'username'> & { action: string };

function toEvent(trail: AuditEvent['trail'], row: Row): AuditEvent {
  return { ...row, trail, action: row.action as AuditAction, username: null };
}

export async function listRecentAddresses(db: Kysely<Directory>, userId: number): Promise<string[]> {
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
