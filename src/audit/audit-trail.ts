import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.ts';
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

export interface NewAuditEvent {
  action: AuditAction;
  /** Who did it, if that is known. */
  userId: number | undefined;
  /** What it was done to; of a failed log-in, the name that was typed. */
  target?: { id?: number; name: string };
  /** Small values only: an event is never deleted by the application. */
  details?: Record<string, unknown>;
}

/**
 * Records who did what, with where the request came from. Belongs into the transaction of the change it
 * tells of, so that there is neither without the other.
 */
export async function recordAuditEvent(db: Kysely<Database>, event: NewAuditEvent): Promise<void> {
  const { action, userId = null, target, details } = event;
  const request = requestContext.getStore();
  await db
    .insertInto('audit_event')
    .values({
      action,
      user_id: userId,
      address: (request?.address ?? '').replace(/[^\w.:%-]/g, '').slice(0, 45),
      target_id: target?.id ?? null,
      target_name: target ? Array.from(target.name).slice(0, 100).join('') : null,
      details: details ? JSON.stringify(details) : null,
      request_id: request?.id ?? '',
    })
    .execute();
}
