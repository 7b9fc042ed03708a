import { z } from 'zod';
import { installedCurrency } from '../config/currency.ts';
import { formatNumber } from '../http/i18n.ts';
import { formatMoney } from '../locales/money.ts';
import type { MailTemplate, Reader } from '../mail/mail.ts';
import { MAILS, type Mail } from '../orders/order-mail.ts';
import { orderLink } from '../orders/order-identity.ts';
import { unitWord } from '../products/unit-queries.ts';
import { orderPath } from '../shop/order-path.ts';

const unit = z.object({ code: z.string(), singular: z.string(), plural: z.string(), decimals: z.number() });

/** The order as it was at the event. */
const orderMailData = z.object({
  number: z.string(),
  /** Of a guest, for the link; null: the customer logs in. */
  placedKey: z.string().nullable(),
  lines: z.array(z.object({ name: z.string(), quantity: z.number(), unit, total: z.number() })),
  deliveryTotal: z.number(),
  taxTotal: z.number(),
  total: z.number(),
  method: z.string(),
  /** How to pay, and until when. */
  instructions: z.string(),
  until: z.string(),
  pickUpPlace: z.string(),
  carrier: z.string(),
  trackingNumber: z.string(),
  trackingLink: z.string(),
  /** Of a refund. */
  amount: z.number(),
});

export type OrderMailData = z.output<typeof orderMailData>;

export const ORDER_MAILS = Object.fromEntries(MAILS.map((kind) => [kind, orderMail(kind)])) as Record<
  Mail,
  MailTemplate<OrderMailData>
>;

function orderMail(kind: Mail): MailTemplate<OrderMailData> {
  return {
    name: `order-${kind.replace('_', '-')}`,
    data: orderMailData,
    write: (data, reader) => write(kind, data, reader),
  };
}

/** Those that show what was ordered. */
const WITH_LINES: Mail[] = ['placed', 'confirmed', 'paid'];

/** Those that say where an order is picked up. What is shipped then waits there. */
const WITH_PLACE: Mail[] = [...WITH_LINES, 'shipped'];

function write(kind: Mail, data: OrderMailData, { t, language, publicUrl, sender, secret }: Reader) {
  const money = (amount: number) => formatMoney(amount, language, installedCurrency());
  const own = `mail.order.${kind === 'shipped' && data.pickUpPlace !== '' ? 'ready' : kind}`;
  const values = { number: data.number, total: money(data.total), sender, amount: money(data.amount) };
  const token = data.placedKey === null ? undefined : orderLink(secret, data.placedKey);
  return {
    subject: t(`${own}.subject`, values),
    view: 'order',
    values: {
      paragraphs: [...t(`${own}.text`, values).split('\n'), ...detailsOf(kind, data, t)],
      lines: WITH_LINES.includes(kind)
        ? data.lines.map(({ name, quantity, unit: one, total }) => ({
            name,
            quantity: `${formatNumber(quantity, language)} ${unitWord(quantity, one)}`,
            total: money(total),
          }))
        : [],
      totals: WITH_LINES.includes(kind)
        ? [
            { name: t('shopOrder.delivery'), total: money(data.deliveryTotal) },
            { name: t('shopOrder.total'), total: money(data.total) },
            { name: t('shopOrder.taxIncluded'), total: money(data.taxTotal) },
          ]
        : [],
      link: {
        text: t('mail.order.link'),
        url: publicUrl + orderPath(language, data.number, token),
      },
      foot: t('mail.foot'),
    },
  };
}

function detailsOf(kind: Mail, data: OrderMailData, t: Reader['t']): string[] {
  const { number, instructions, until, pickUpPlace, carrier, trackingNumber, trackingLink } = data;
  if (kind === 'shipped' && pickUpPlace === '') {
    if (trackingNumber === '') return [];
    return [t('mail.order.tracking', { carrier, trackingNumber }), trackingLink].filter(Boolean);
  }
  if (kind === 'placed' && instructions !== '') {
    return [
      ...instructions.split('\n'),
      t('mail.order.reference', { number }),
      ...(until === '' ? [] : [t('mail.order.until', { until })]),
    ].filter(Boolean);
  }
  if (!WITH_PLACE.includes(kind)) return [];
  return pickUpPlace === '' ? [] : [t('mail.order.pickUp'), ...pickUpPlace.split('\n').filter(Boolean)];
}
