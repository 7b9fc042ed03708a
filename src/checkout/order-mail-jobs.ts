import type { Kysely } from 'kysely';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { getShopSettings } from '../delivery/delivery-queries.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { datesIn } from '../locales/dates.ts';
import type { Language } from '../locales/languages.ts';
import { queueMail } from '../mail/mail.ts';
import { MAILS, ORDER_MAIL, type Mail } from '../orders/order-mail.ts';
import { deleteForgottenData } from './forget-customer.ts';
import { ORDER_MAILS, type OrderMailData } from './order-mails.ts';
import { getOrder, type CustomerOrder } from './order-queries.ts';

interface Told {
  mail: Mail;
  to: string;
  language: Language;
  data: OrderMailData;
}

/** Tells customers what happens to their orders. */
export function orderMailJobs(
  jobs: Jobs,
  { config, databases }: { config: Pick<WebConfig, 'TZ_DEFAULT'>; databases: Databases },
): void {
  const { catalogue, directory } = databases;
  jobs.handle(ORDER_MAIL, async ({ event }) => {
    const told = await catalogue.transact((trx) => describe(trx, event, config.TZ_DEFAULT));
    if (!told) return;
    const { mail, ...rest } = told;
    // Carried out again, it queues the e-mail of the same event, which is dropped.
    await directory.transact((trx) =>
      queueMail(trx, { eventKey: `order-${mail}:${event}`, template: ORDER_MAILS[mail], ...rest }),
    );
    jobs.wakeOutbox();
  });
  jobs.cleanUp('data of deleted customers', catalogue, deleteForgottenData);
}

/** @returns undefined if there is nobody left to tell, or only another version knows what */
async function describe(db: Kysely<Catalogue>, eventId: number, zone: string): Promise<Told | undefined> {
  const event = await db
    .selectFrom('order_event')
    .innerJoin('shop_order', 'shop_order.id', 'order_event.order_id')
    .select(['order_event.order_id as orderId', 'mail', 'subject', 'subject_id as subjectId'])
    .select(['email', 'language', 'placed_key as placedKey', 'customer_id as customerId'])
    .where('order_event.id', '=', eventId)
    .executeTakeFirst();
  const mail = MAILS.find((name) => name === event?.mail);
  if (!event || !mail || event.email === '') return undefined;
  const { email: to, language, subject, subjectId } = event;
  const order = await getOrder(db, event.orderId);
  const settings = await getShopSettings(db);
  const [payment] = order.payments;
  const parcel = subject === 'parcel' ? order.parcels.find(({ id }) => id === subjectId) : undefined;
  const refund = subject === 'refund' ? order.refunds.find(({ id }) => id === subjectId) : undefined;
  const isTransfer = payment?.method === 'bank_transfer';
  const { formatDate } = datesIn(language, zone);
  return {
    ...{ mail, to, language },
    data: {
      ...totalsIn(order),
      placedKey: event.customerId === null ? event.placedKey : null,
      method: payment?.method ?? '',
      instructions: mail === 'placed' && isTransfer ? settings.transferText : '',
      until: mail === 'placed' && order.holdUntil ? formatDate(order.holdUntil) : '',
      pickUpPlace: order.delivery?.kind === 'pick_up' ? order.delivery.place : '',
      carrier: parcel?.carrier ?? '',
      trackingNumber: parcel?.trackingNumber ?? '',
      trackingLink: parcel?.link ?? '',
      amount: refund?.amount ?? 0,
    },
  };
}

function totalsIn({ number, lines, deliveryTotal, taxTotal, total }: CustomerOrder) {
  return {
    ...{ number, deliveryTotal, taxTotal, total },
    lines: lines.map(({ name, quantity, unit, lineTotal }) => ({ name, quantity, unit, total: lineTotal })),
  };
}
