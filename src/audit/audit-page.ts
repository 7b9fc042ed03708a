import { z } from 'zod';
import type { Actor } from '../database/write-counts.ts';
import type { Databases } from '../database/databases.ts';
import { findUsernames } from '../directory/usernames.ts';
import { listAuditEvents, listProductEvents, type AuditEvent, type AuditFilter } from './audit-queries.ts';

const PER_PAGE = 50;

export interface AuditPosition {
  account?: number | undefined;
  product?: number | undefined;
}

/** Query-string form: `120.45`, `120.` or `.45`. */
export const auditPosition = z
  .string()
  .regex(/^(\d{1,15})?\.(\d{1,15})?$/)
  .transform((text): AuditPosition => {
    const [account, product] = text.split('.').map((id) => (id ? Number(id) : undefined));
    return { account, product };
  });

const formatPosition = ({ account, product }: AuditPosition) => `${account ?? ''}.${product ?? ''}`;

export interface AuditPage {
  events: AuditEvent[];
  older: string | undefined;
}

export async function getAuditPage(
  { directory, catalogue }: Databases,
  actor: Actor,
  filter: AuditFilter,
  before: AuditPosition,
): Promise<AuditPage> {
  const limit = PER_PAGE + 1;
  const [accountEvents, productEvents] = await Promise.all([
    directory.readReplica(actor, (db) => listAuditEvents(db, filter, { limit, before: before.account })),
    catalogue.readReplica(actor, (db) => listProductEvents(db, filter, { limit, before: before.product })),
  ]);
  const all = [...accountEvents, ...productEvents].sort((a, b) => +b.createdAt - +a.createdAt);
  const page = all.slice(0, PER_PAGE);
  const users = page.flatMap(({ userId }) => userId ?? []);
  const names = await directory.readReplica(actor, (db) => findUsernames(db, users));
  const position = {
    account: page.findLast(({ trail }) => trail === 'account')?.id ?? before.account,
    product: page.findLast(({ trail }) => trail === 'product')?.id ?? before.product,
  };
  return {
    events: page.map((event) => ({ ...event, username: names.get(event.userId ?? 0) ?? null })),
    older: all.length > PER_PAGE ? formatPosition(position) : undefined,
  };
}
