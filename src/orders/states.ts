import type { Transaction, UpdateObject } from 'kysely';
import type {
  ActorKind,
  Catalogue,
  OrderState,
  OrderSubject,
  ParcelState,
  PaymentState,
  RefundState,
} from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { NOW } from '../jobs/lease.ts';
import { enqueue } from '../jobs/outbox.ts';
import { mailOf, ORDER_MAIL } from './order-mail.ts';

interface States {
  order: OrderState;
  payment: PaymentState;
  parcel: ParcelState;
  refund: RefundState;
}

/** From each state to those that may follow it. */
export const TRANSITIONS: { [Subject in OrderSubject]: Record<States[Subject], readonly States[Subject][]> } =
  {
    order: {
      awaiting_payment: ['confirmed', 'expired', 'cancelled'],
      confirmed: ['in_progress', 'cancelled'],
      in_progress: ['completed'],
      completed: [],
      cancelled: [],
      // Late money, and there was stock again.
      expired: ['confirmed'],
    },
    payment: {
      pending: ['captured', 'failed', 'cancelled', 'expired'],
      captured: [],
      // Money may come after any of these. For an order that is paid already, it is surplus.
      failed: ['captured', 'surplus'],
      cancelled: ['captured', 'surplus'],
      expired: ['captured', 'surplus'],
      surplus: [],
    },
    parcel: {
      open: ['packed', 'shipped', 'cancelled'],
      packed: ['shipped', 'cancelled'],
      shipped: ['delivered'],
      delivered: [],
      cancelled: [],
    },
    refund: {
      // A person pays some of them back by hand.
      due: ['requested', 'done'],
      requested: ['done', 'failed'],
      failed: ['requested', 'done'],
      done: [],
    },
  };

/** Someone else has moved it first. */
export class StaleStateError extends DomainError {
  constructor(subject: OrderSubject, expected: string) {
    const textKey = 'orders.errors.staleState';
    super({ code: 'stale_state', status: 409, textKey, details: { subject, expected } });
  }
}

/** Who moves it and why, for the history. */
export interface Why {
  actor: {
    kind: ActorKind;
    /** 0 is a visitor; null the system. */
    id: number | null;
  };
  note?: string | undefined;
}

export const SYSTEM = { kind: 'system', id: null } as const;

interface Move<Subject extends OrderSubject, Table extends keyof Catalogue> extends Why {
  id: number;
  from: States[Subject];
  to: States[Subject];
  /** Columns that change with the state. */
  changes?: Omit<UpdateObject<Catalogue, Table>, 'id' | 'state'>;
}

type Part<Subject extends OrderSubject, Table extends keyof Catalogue> = Move<Subject, Table> & {
  orderId: number;
};

/** As the other functions here, it writes the event and queues its e-mail. @throws StaleStateError */
export async function moveOrder(
  trx: Transaction<Catalogue>,
  { id, from, to, changes, ...why }: Move<'order', 'shop_order'>,
): Promise<void> {
  assertAllowed('order', from, to);
  const { numUpdatedRows } = await trx
    .updateTable('shop_order')
    .set({ ...changes, state: to, updated_at: NOW })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleStateError('order', from);
  await recordEvent(trx, { subject: 'order', id, orderId: id, from, to, ...why });
}

export async function movePayment(
  trx: Transaction<Catalogue>,
  { id, orderId, from, to, changes, ...why }: Part<'payment', 'payment'>,
): Promise<void> {
  assertAllowed('payment', from, to);
  const { numUpdatedRows } = await trx
    .updateTable('payment')
    .set({ ...changes, state: to, updated_at: NOW })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleStateError('payment', from);
  await recordEvent(trx, { subject: 'payment', id, orderId, from, to, ...why });
}

export async function moveParcel(
  trx: Transaction<Catalogue>,
  { id, orderId, from, to, changes, ...why }: Part<'parcel', 'parcel'>,
): Promise<void> {
  assertAllowed('parcel', from, to);
  const { numUpdatedRows } = await trx
    .updateTable('parcel')
    .set({ ...changes, state: to })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleStateError('parcel', from);
  await recordEvent(trx, { subject: 'parcel', id, orderId, from, to, ...why });
}

export async function moveRefund(
  trx: Transaction<Catalogue>,
  { id, orderId, from, to, ...why }: Omit<Part<'refund', 'refund'>, 'changes'>,
): Promise<void> {
  assertAllowed('refund', from, to);
  const { numUpdatedRows } = await trx
    .updateTable('refund')
    .set({ state: to })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new StaleStateError('refund', from);
  await recordEvent(trx, { subject: 'refund', id, orderId, from, to, ...why });
}

function assertAllowed<Subject extends OrderSubject>(
  subject: Subject,
  from: States[Subject],
  to: States[Subject],
): void {
  const allowed: readonly States[Subject][] = TRANSITIONS[subject][from];
  if (!allowed.includes(to)) throw new Error(`No ${subject} goes from ${from} to ${to}`);
}

interface NewEvent extends Why {
  subject: OrderSubject;
  id: number;
  orderId: number;
  /** Null: it begins in `to`. */
  from: string | null;
  to: string;
}

export async function recordEvent(
  trx: Transaction<Catalogue>,
  { subject, id, orderId, from, to, actor, note }: NewEvent,
): Promise<void> {
  const mail = mailOf(subject, from, to);
  const { insertId } = await trx
    .insertInto('order_event')
    .values({
      ...{ order_id: orderId, subject, subject_id: id, from_state: from, to_state: to, mail },
      ...{ actor_kind: actor.kind, actor_id: actor.id, note: note?.slice(0, 200) || null },
    })
    .executeTakeFirstOrThrow();
  if (mail) await enqueue(trx, ORDER_MAIL, { event: Number(insertId) });
}
