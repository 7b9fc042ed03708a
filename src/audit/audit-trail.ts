import type { Transaction } from 'kysely';
import type { ActorKind, Catalogue, Directory } from '../database/tables.ts';
import { requestContext } from '../telemetry/request-context.ts';

/** What is recorded; the part before the point is its kind. */
export const ACTIONS = [
  'session.started',
  'session.refused',
  'session.limited',
  'session.ended',
  'access.refused',
  'account.created',
  'account.passwordChanged',
  'account.passwordReset',
  'account.roleChanged',
  'account.disabled',
  'account.enabled',
  'product.registered',
  'product.edited',
  'product.counted',
  'product.adjusted',
  'product.deleted',
  'product.restored',
  'product.imported',
] as const;
export type AuditAction = (typeof ACTIONS)[number];

export const KINDS = ['session', 'access', 'account', 'product'] as const;

type ProductAction = Extract<AuditAction, `product.${string}`>;

interface NewEvent {
  /** What it was done to; of a failed log-in, the name that was typed. */
  target?: { id?: number; name: string };
  /** Small values only: the application never deletes an event. */
  details?: Record<string, unknown>;
}

export interface NewAuditEvent extends NewEvent {
  action: Exclude<AuditAction, ProductAction>;
  /** Who did it, if that is known. */
  userId: number | undefined;
}

export interface NewProductEvent extends NewEvent {
  action: ProductAction;
  actor: { kind: ActorKind; id: number | null };
}

/** Records who did what. Belongs into the transaction of the change, so that there is neither without the other. */
export async function recordAuditEvent(
  trx: Transaction<Directory>,
  { action, userId, ...event }: NewAuditEvent,
): Promise<void> {
  await trx
    .insertInto('audit_event')
    .values({ action, user_id: userId ?? null, ...columnsOf(event) })
    .execute();
}

/** The same for products, beside which their events are kept (docs/decisions/database-groups.md). */
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
