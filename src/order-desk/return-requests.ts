import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { orderPath } from '../shop/order-path.ts';
import type { Catalogue, ReturnState } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { queueMail, type MailTemplate } from '../mail/mail.ts';
import { orderLink } from '../orders/order-identity.ts';
import type { ParcelLine } from '../orders/parcels.ts';
import { recordEvent, type Why } from '../orders/states.ts';
import type { LockedOrder } from './seen-order.ts';

export type ReturnAnswer = 'accepted' | 'refused';

/** From each state to those that may follow it. */
const TRANSITIONS: Record<ReturnState, readonly ReturnState[]> = {
  asked: ['accepted', 'refused', 'received'],
  accepted: ['refused', 'received'],
  refused: [],
  received: [],
};

/** It has been answered by now, or its goods have come. */
class ReturnAnsweredError extends DomainError {
  constructor() {
    super({ code: 'return_answered', status: 409, textKey: 'orderDesk.errors.returnAnswered' });
  }
}

export interface ReturnRequest {
  id: number;
  state: ReturnState;
  reason: string;
  createdAt: Date;
  lines: ParcelLine[];
}

/** The last one of an order. */
export async function findReturnRequest(
  db: Kysely<Catalogue>,
  orderId: number,
): Promise<ReturnRequest | undefined> {
  const request = await db
    .selectFrom('return_request')
    .select(['id', 'state', 'reason', 'created_at as createdAt'])
    .where('order_id', '=', orderId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!request) return undefined;
  const lines = await db
    .selectFrom('return_request_line')
    .select(['order_line_id as orderLineId', 'quantity'])
    .where('request_id', '=', request.id)
    .execute();
  return { ...request, lines };
}

/** The order must be locked. The customer is told by e-mail. @throws ReturnAnsweredError */
export async function answerReturn(
  trx: Transaction<Catalogue>,
  order: LockedOrder,
  { id, answer, reason, ...why }: Why & { id: number; answer: ReturnAnswer; reason: string },
): Promise<void> {
  await moveRequest(trx, order.id, id, answer);
  const { state, id: orderId } = order;
  const note = `${answer}: ${reason}`;
  await recordEvent(trx, { subject: 'order', id: orderId, orderId, from: state, to: state, ...why, note });
  const { email, language, customerId, placedKey } = await trx
    .selectFrom('shop_order')
    .select(['email', 'language', 'customer_id as customerId', 'placed_key as placedKey'])
    .where('id', '=', orderId)
    .executeTakeFirstOrThrow();
  if (email === '') return;
  await queueMail(trx, {
    ...{ eventKey: `return-${answer}:${id}`, to: email, language, template: RETURN_ANSWERED },
    data: { number: order.number, placedKey: customerId === null ? placedKey : null, answer, reason },
  });
}

async function moveRequest(
  trx: Transaction<Catalogue>,
  orderId: number,
  id: number,
  to: ReturnState,
): Promise<void> {
  const from = (Object.keys(TRANSITIONS) as ReturnState[]).filter((state) => TRANSITIONS[state].includes(to));
  const { numUpdatedRows } = await trx
    .updateTable('return_request')
    .set({ state: to })
    .where('id', '=', id)
    .where('order_id', '=', orderId)
    .where('state', 'in', from)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new ReturnAnsweredError();
}

/** What the customer wanted to send back has come: whatever came with it, nothing is asked any more. */
export async function receiveReturn(trx: Transaction<Catalogue>, orderId: number): Promise<void> {
  await trx
    .updateTable('return_request')
    .set({ state: 'received' })
    .where('order_id', '=', orderId)
    .where('is_open', '=', 1)
    .execute();
}

const returnAnswered = z.object({
  number: z.string(),
  /** Of a guest, for the link; null: the customer logs in. */
  placedKey: z.string().nullable(),
  answer: z.enum(['accepted', 'refused']),
  reason: z.string(),
});

export const RETURN_ANSWERED: MailTemplate<z.output<typeof returnAnswered>> = {
  name: 'return-answered',
  data: returnAnswered,
  write: ({ number, placedKey, answer, reason }, { t, language, publicUrl, secret, sender }) => {
    const own = `mail.return.${answer}`;
    const values = { number, sender };
    const token = placedKey === null ? undefined : orderLink(secret, placedKey);
    return {
      subject: t(`${own}.subject`, values),
      view: 'notice',
      values: {
        paragraphs: [...t(`${own}.text`, values).split('\n'), reason].filter(Boolean),
        link: { text: t('mail.order.link'), url: publicUrl + orderPath(language, number, token) },
        foot: t('mail.foot'),
      },
    };
  },
};
