import { z } from 'zod';
import type { OrderSubject } from '../database/tables.ts';
import type { OutboxKind } from '../jobs/outbox.ts';

const orderMail = z.object({ event: z.number() });

/** Tells the customer of an `order_event`, whose `mail` names the template. */
export const ORDER_MAIL: OutboxKind<z.output<typeof orderMail>> = { name: 'order-mail', payload: orderMail };

export const MAILS = [
  'placed',
  'confirmed',
  'paid',
  'expired',
  'cancelled',
  'shipped',
  'refund_due',
  'refunded',
] as const;
export type Mail = (typeof MAILS)[number];

/** By subject and new state. */
const MAIL_OF: Partial<Record<`${OrderSubject} ${string}`, Mail>> = {
  'order awaiting_payment': 'placed',
  'order confirmed': 'paid',
  'order expired': 'expired',
  'order cancelled': 'cancelled',
  'parcel shipped': 'shipped',
  'refund due': 'refund_due',
  'refund done': 'refunded',
};

/** @param from null: it begins in the new state */
export function mailOf(subject: OrderSubject, from: string | null, to: string): Mail | null {
  // Something noted in the history.
  if (from === to) return null;
  // Nothing is paid before an order that is paid at the door, or when it is picked up.
  if (subject === 'order' && from === null && to === 'confirmed') return 'confirmed';
  return MAIL_OF[`${subject} ${to}`] ?? null;
}
