import type { Transaction } from 'kysely';
import type { ActorKind, Catalogue, Directory } from '../database/tables.ts';
import { requestContext } from '../telemetry/request-context.ts';

/** The part before the dot is the kind. */
export const ACTIONS = [
  'session.started',
  'session.refused',
  'session.limited',
  'session.reading',
  'session.ended',
  'access.refused',
  'account.created',
  'account.passwordChanged',
  'account.passwordReset',
  'account.roleChanged',
  'account.disabled',
  'account.enabled',
  'account.alertsChanged',
  'product.registered',
  'product.edited',
  'product.counted',
  'product.adjusted',
  'product.deleted',
  'product.restored',
  'product.imported',
  'product.importUndone',
  'product.demoRemoved',
  'product.photosAdded',
  'product.photoRemoved',
  'category.added',
  'category.renamed',
  'category.merged',
  'category.deleted',
  'unit.changed',
  'supplier.added',
  'supplier.edited',
  'supplier.deleted',
  'delivery.changed',
  'seller.approved',
  'seller.refused',
  'seller.suspended',
  'seller.paid',
  'seller.defaultChanged',
] as const;
export type AuditAction = (typeof ACTIONS)[number];

export const KINDS = ['session', 'access', 'account', 'product'] as const;

type ProductAction = Extract<
  AuditAction,
  `${'product' | 'category' | 'unit' | 'supplier' | 'delivery' | 'seller'}.${string}`
>;

interface NewEvent {
  target?: { id?: number; name: string };
  /** Keep it small: events are never deleted. */
  details?: Record<string, unknown>;
}

export interface NewAuditEvent extends NewEvent {
  action: Exclude<AuditAction, ProductAction>;
  userId: number | undefined;
  at?: Date;
}

export interface NewProductEvent extends NewEvent {
  action: ProductAction;
  actor: { kind: ActorKind; id: number | null };
}

/** Call it in the transaction of the change, so that both commit or neither does. */
export async function recordAuditEvent(
  trx: Transaction<Directory>,
  { action, userId, at, ...event }: NewAuditEvent,
): Promise<void> {
  await trx
    .insertInto('audit_event')
    .values({ action, user_id: userId ?? null, ...(at && { created_at: at }), ...columnsOf(event) })
    .execute();
}

/** Product events live beside the products (docs/decisions/database-groups.md). */
export async function recordProductEvent(
  trx: Transaction<Catalogue>,
  { action, actor, ...event }: NewProductEvent,
): Promise<void> {
  await trx
    .insertInto('product_event')
    .values({ action, actor_kind: actor.kind, actor_id: actor.id, ...columnsOf(event) })
    .execute();
}

function columnsOf({ target, details }: NewEvent) {
  const request = requestContext.getStore();
  return {
    address: (request?.address ?? '').replace(/[^\w.:%-]/g, '').slice(0, 45),
    target_id: target?.id ?? null,
    target_name: target ? Array.from(target.name).slice(0, 100).join('') : null,
    details: details ? JSON.stringify(details) : null,
    request_id: request?.id ?? '',
  };
}
