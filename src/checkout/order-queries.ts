import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type {
  Catalogue,
  OrderState,
  ParcelState,
  PaymentState,
  RefundState,
  ReturnState,
} from '../database/tables.ts';
import { readSnapshot, trackingLink, type DeliverySnapshot } from '../delivery/delivery-snapshot.ts';
import { DomainError } from '../errors/domain-error.ts';
import { hashOf } from '../orders/order-identity.ts';
import { toUnit, UNIT_WORDS, type Unit } from '../products/unit-queries.ts';

export const ORDERS_PER_PAGE = 20;
/** Those of one order. */
const MAX_ROWS = 500;

/** Also if it is somebody else's. */
export class OrderNotFoundError extends DomainError {
  constructor() {
    super({ code: 'order_not_found', status: 404, textKey: 'shopOrder.notFound' });
  }
}

/** Who asks: a customer by the account, or anyone by the secret of the link. */
export interface Reader {
  customerId: number;
  token: string;
}

const address = z.object({
  name: z.string().default(''),
  phone: z.string().default(''),
  country: z.string().default(''),
  region: z.string().default(''),
  municipality: z.string().default(''),
  street: z.string().default(''),
  postalCode: z.string().default(''),
  directions: z.string().default(''),
});

export type OrderAddress = z.output<typeof address>;

export interface OrderLine {
  id: number;
  productId: number;
  code: string;
  name: string;
  unit: Unit;
  quantity: number;
  unitPrice: number;
  lineTotal: number;
  taxRate: number;
  tax: number;
  shipped: number;
  returned: number;
  cancelled: number;
}

export interface CustomerOrder {
  id: number;
  number: string;
  state: OrderState;
  createdAt: Date;
  holdUntil: Date | null;
  email: string;
  name: string;
  phone: string;
  address: OrderAddress | undefined;
  delivery: DeliverySnapshot | undefined;
  itemsTotal: number;
  deliveryTotal: number;
  taxTotal: number;
  total: number;
  /** The part of it that is neither sent nor to be paid. */
  cancelledTotal: number;
  lines: OrderLine[];
  /** Newest first. */
  payments: { id: number; method: string; state: PaymentState; amount: number }[];
  parcels: OrderParcel[];
  refunds: { id: number; amount: number; state: RefundState }[];
  /** The newest. */
  returnRequest: { state: ReturnState; reason: string; createdAt: Date } | undefined;
}

export interface OrderParcel {
  id: number;
  state: ParcelState;
  carrier: string;
  trackingNumber: string;
  link: string | undefined;
  shippedAt: Date | null;
  /** Who sends it; null: the shop itself. */
  seller: string | null;
}

/** @throws OrderNotFoundError */
export async function findOwnOrder(
  db: Kysely<Catalogue>,
  number: string,
  { customerId, token }: Reader,
): Promise<{ id: number }> {
  const order = await db
    .selectFrom('shop_order')
    .select('id')
    .where('number', '=', number)
    .where((eb) =>
      eb.or([
        ...(customerId > 0 ? [eb('customer_id', '=', customerId)] : []),
        ...(token === '' ? [] : [eb('link_sha256', '=', hashOf(token))]),
      ]),
    )
    .executeTakeFirst();
  if (!order) throw new OrderNotFoundError();
  return order;
}

export async function getOrder(db: Kysely<Catalogue>, id: number): Promise<CustomerOrder> {
  const {
    address: place,
    delivery: method,
    ...order
  } = await db
    .selectFrom('shop_order')
    .select(['id', 'number', 'state', 'created_at as createdAt', 'hold_until as holdUntil', 'email', 'name'])
    .select(['phone', 'address', 'delivery', 'items_total as itemsTotal', 'delivery_total as deliveryTotal'])
    .select(['tax_total as taxTotal', 'total', 'cancelled_total as cancelledTotal'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const delivery = readSnapshot(method);
  return {
    ...order,
    delivery,
    address: address.safeParse(place).data,
    lines: await listLines(db, id),
    payments: await listPayments(db, id),
    parcels: await listParcels(db, id, delivery),
    refunds: await listRefunds(db, id),
    returnRequest: await findReturnRequest(db, id),
  };
}

async function listLines(db: Kysely<Catalogue>, orderId: number): Promise<OrderLine[]> {
  const rows = await db
    .selectFrom('order_line')
    .leftJoin('unit', 'unit.code', 'order_line.unit')
    .select(['id', 'product_id as productId', 'order_line.code', 'name', 'order_line.unit', ...UNIT_WORDS])
    .select(['quantity', 'unit_price as unitPrice', 'line_total as lineTotal', 'tax_rate as taxRate', 'tax'])
    .select(['shipped', 'returned', 'cancelled'])
    .where('order_id', '=', orderId)
    .orderBy('position')
    .limit(MAX_ROWS)
    .execute();
  return rows.map(({ unit, singular, plural, decimals, ...line }) => ({
    ...line,
    unit: toUnit(unit, { singular, plural, decimals }),
  }));
}

async function listPayments(db: Kysely<Catalogue>, orderId: number): Promise<CustomerOrder['payments']> {
  return db
    .selectFrom('payment')
    .select(['id', 'method', 'state', 'amount'])
    .where('order_id', '=', orderId)
    .orderBy('id', 'desc')
    .limit(MAX_ROWS)
    .execute();
}

async function listParcels(
  db: Kysely<Catalogue>,
  orderId: number,
  delivery: DeliverySnapshot | undefined,
): Promise<OrderParcel[]> {
  const rows = await db
    .selectFrom('parcel')
    .leftJoin('seller', 'seller.id', 'parcel.seller_id')
    .select(['parcel.id', 'parcel.state', 'carrier', 'tracking_number as trackingNumber'])
    .select(['shipped_at as shippedAt', 'seller.name as seller'])
    .where('order_id', '=', orderId)
    .where('parcel.state', 'in', ['shipped', 'delivered'])
    .orderBy('parcel.id')
    .limit(MAX_ROWS)
    .execute();
  return rows.map((parcel) => ({ ...parcel, link: trackingLink(delivery, parcel) }));
}

async function listRefunds(db: Kysely<Catalogue>, orderId: number): Promise<CustomerOrder['refunds']> {
  return db
    .selectFrom('refund')
    .select(['id', 'amount', 'state'])
    .where('order_id', '=', orderId)
    .orderBy('id')
    .limit(MAX_ROWS)
    .execute();
}

async function findReturnRequest(
  db: Kysely<Catalogue>,
  orderId: number,
): Promise<CustomerOrder['returnRequest']> {
  return db
    .selectFrom('return_request')
    .select(['state', 'reason', 'created_at as createdAt'])
    .where('order_id', '=', orderId)
    .orderBy('id', 'desc')
    .executeTakeFirst();
}

export interface ListedOrder {
  id: number;
  number: string;
  state: OrderState;
  createdAt: Date;
  total: number;
  isPickUp: boolean;
  /** Of products. */
  lines: number;
}

/** Newest first. @param before the last order of the page before */
export async function listOrders(
  db: Kysely<Catalogue>,
  customerId: number,
  before: number | undefined,
): Promise<{ orders: ListedOrder[]; next: number | undefined }> {
  const rows = await db
    .selectFrom('shop_order')
    .select(['id', 'number', 'state', 'created_at as createdAt', 'total', 'delivery'])
    .select(sql<number>`(SELECT COUNT(*) FROM order_line WHERE order_id = shop_order.id)`.as('lines'))
    .where('customer_id', '=', customerId)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(ORDERS_PER_PAGE + 1)
    .execute();
  const orders = rows
    .slice(0, ORDERS_PER_PAGE)
    .map(({ delivery, ...order }) => ({ ...order, isPickUp: readSnapshot(delivery)?.kind === 'pick_up' }));
  return { orders, next: rows.length > ORDERS_PER_PAGE ? orders.at(-1)!.id : undefined };
}
