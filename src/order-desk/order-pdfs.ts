import type { TFunction } from 'i18next';
import { formatNumber } from '../http/i18n.ts';
import type { Dates } from '../locales/dates.ts';
import type { Language } from '../locales/languages.ts';
import { formatMoney, formatRate, type Currency } from '../locales/money.ts';
import { unitWord, type Unit } from '../products/unit-queries.ts';
import type { OrderLine, OrderRecord, Parcel } from './order-page-queries.ts';
import { methodName, readAddress, readDelivery } from './order-texts.ts';
import { blocks, heading, makePdf, paragraph, sums, table } from './pdf-document.ts';

export interface PdfReader {
  t: TFunction;
  language: Language;
  dates: Dates;
  currency: Currency;
  /** The name of the shop. */
  seller: string;
  unitOf: (code: string) => Unit;
}

/** What a person packs, without prices, as it may lie in the parcel. @param parcel undefined for all that is held */
export async function makePackingSlip(
  record: OrderRecord,
  parcel: Parcel | undefined,
  reader: PdfReader,
): Promise<Buffer> {
  const { t, language, dates, unitOf, seller } = reader;
  const { order } = record;
  const title = t('orderDesk.pdf.packingSlip', { number: order.number });
  const quantity = ({ id, held }: OrderLine) =>
    parcel ? (parcel.lines.find(({ orderLineId }) => orderLineId === id)?.quantity ?? 0) : held;
  const rows = record.lines
    .map((line) => ({ ...line, quantity: quantity(line) }))
    .filter((line) => line.quantity > 0)
    .map(({ code, name, unit, quantity }) => [
      '☐',
      code,
      name,
      `${formatNumber(quantity, language)} ${unitWord(quantity, unitOf(unit))}`,
    ]);
  return makePdf({ title, foot: `${seller} · ${order.number}`, language }, (pdf) => {
    heading(pdf, title, [seller, dates.formatDate(order.createdAt)].join(' · '));
    blocks(pdf, [
      { title: t('orderDesk.pdf.shipTo'), lines: shipTo(record, language) },
      { title: t('orderDesk.pdf.delivery'), lines: deliveryLines(record, parcel, t) },
    ]);
    const columns = [
      { title: '', share: 0.06 },
      { title: t('columns.code'), share: 0.22 },
      { title: t('movement.product'), share: 0.5 },
      { title: t('columns.quantity'), share: 0.22, align: 'right' as const },
    ];
    table(pdf, columns, rows);
    if (rows.length === 0) paragraph(pdf, t('orderDesk.pdf.nothingToPack'));
  });
}

/** For the customer, in their language. */
export async function makeReceipt(record: OrderRecord, reader: PdfReader): Promise<Buffer> {
  const { t, language, dates, currency, unitOf, seller } = reader;
  const { order, lines } = record;
  const money = (amount: number) => formatMoney(amount, language, currency);
  const title = t('orderDesk.pdf.receipt', { number: order.number });
  return makePdf({ title, foot: `${seller} · ${order.number}`, language }, (pdf) => {
    heading(pdf, title, [seller, dates.formatDate(order.createdAt)].join(' · '));
    blocks(pdf, [
      { title: t('orderDesk.customer'), lines: [order.name, order.email, order.phone].filter(Boolean) },
      { title: t('orderDesk.pdf.shipTo'), lines: shipTo(record, language) },
      { title: t('orderDesk.state'), lines: [t(`orderDesk.states.order.${order.state}`)] },
    ]);
    const columns = [
      { title: t('movement.product'), share: 0.4 },
      { title: t('columns.quantity'), share: 0.17, align: 'right' as const },
      { title: t('columns.price'), share: 0.15, align: 'right' as const },
      { title: t('orderDesk.pdf.taxRate'), share: 0.13, align: 'right' as const },
      { title: t('orderDesk.total'), share: 0.15, align: 'right' as const },
    ];
    const rows = lines.map((line) => [
      `${line.name}\n${line.code}`,
      `${formatNumber(line.quantity, language)} ${unitWord(line.quantity, unitOf(line.unit))}`,
      money(line.unitPrice),
      `${formatRate(line.taxRate, language)} %`,
      money(line.lineTotal),
    ]);
    table(pdf, columns, rows);
    const amounts: [string, string][] = [
      [t('orderDesk.items'), money(order.itemsTotal)],
      [t('orderDesk.deliveryTotal'), money(order.deliveryTotal)],
      [t('orderDesk.total'), money(order.total)],
      [t('orderDesk.pdf.taxIncluded'), money(order.taxTotal)],
      ...cancelledLines(record, money, t),
      ...paidLines(record, money, t),
    ];
    sums(pdf, amounts, 2);
    paragraph(pdf, t('orderDesk.pdf.noInvoice'));
  });
}

function cancelledLines(
  { order: { total, cancelledTotal } }: OrderRecord,
  money: (amount: number) => string,
  t: TFunction,
): [string, string][] {
  if (cancelledTotal === 0) return [];
  return [
    [t('orderDesk.cancelledPart'), `−${money(cancelledTotal)}`],
    [t('orderDesk.totalLeft'), money(total - cancelledTotal)],
  ];
}

function paidLines(record: OrderRecord, money: (amount: number) => string, t: TFunction): [string, string][] {
  const came = record.payments.filter(({ captured }) => captured !== null);
  const paid = came.map(({ method, captured }): [string, string] => [
    t('orderDesk.pdf.paidBy', { method: methodName(method, t) }),
    money(captured!),
  ]);
  const sumOf = (isDone: boolean) =>
    record.refunds.reduce((sum, { amount, state }) => sum + ((state === 'done') === isDone ? amount : 0), 0);
  const refunds: [string, number][] = [
    [t('orderDesk.tasks.refund'), sumOf(false)],
    [t('orderDesk.refunds'), sumOf(true)],
  ];
  return [
    ...paid,
    ...refunds
      .filter(([, amount]) => amount > 0)
      .map(([name, amount]): [string, string] => [name, money(amount)]),
  ];
}

function shipTo({ order }: OrderRecord, language: Language): string[] {
  const address = readAddress(order.address, language);
  const name = address?.name || order.name;
  const phone = address?.phone || order.phone;
  return [name, ...(address?.lines ?? []), phone].filter(Boolean);
}

function deliveryLines({ order, parcels }: OrderRecord, parcel: Parcel | undefined, t: TFunction): string[] {
  const { name, carrier, place } = readDelivery(order.delivery);
  const number = parcel ? parcels.indexOf(parcel) + 1 : undefined;
  return [
    name,
    place && `${methodName('pick_up', t)}: ${place}`,
    parcel?.carrier || carrier,
    parcel?.trackingNumber ?? '',
    number === undefined ? '' : t('orderDesk.parcelNumber', { number }),
  ].filter((line, index, all) => line !== '' && all.indexOf(line) === index);
}
