import { sql, type Kysely } from 'kysely';
import type {
  ActorKind,
  Catalogue,
  OrderState,
  OrderSubject,
  ParcelState,
  PaymentState,
  ProofType,
  RefundState,
} from '../database/tables.ts';
import type { Language } from '../locales/languages.ts';
import { withContents, type ParcelContent } from '../orders/parcel-contents.ts';
import { FIRST_PHOTO } from '../photos/photo-queries.ts';
import { findReturnRequest, type ReturnRequest } from './return-requests.ts';
import { OrderNotFoundError } from './seen-order.ts';

const MAX_EVENTS = 300;

export interface Order {
  id: number;
  number: string;
  state: OrderState;
  customerId: number | null;
  email: string;
  name: string;
  phone: string;
  language: Language;
  currency: string;
  itemsTotal: number;
  deliveryTotal: number;
  deliveryTax: number;
  taxTotal: number;
  total: number;
  /** The part of it that is neither sent nor to be paid. */
  cancelledTotal: number;
  address: unknown;
  delivery: unknown;
  holdUntil: Date | null;
  createdAt: Date;
}

export interface OrderLine {
  id: number;
  productId: number;
  code: string;
  name: string;
  unit: string;
  quantity: number;
  unitPrice: number;
  taxRate: number;
  lineTotal: number;
  tax: number;
  held: number;
  shipped: number;
  returned: number;
  cancelled: number;
  /** In open and packed parcels. */
  inParcels: number;
  /** Of the product now; null if it is not in the list any more, as `reserved`. */
  onHand: number | null;
  reserved: number | null;
  photo: Buffer | null;
  /** Null: the shop itself. */
  seller: string | null;
  sellerCustomerId: number | null;
  refunded: number;
}

export interface Payment {
  id: number;
  method: string;
  state: PaymentState;
  amount: number;
  captured: number | null;
  reference: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface Proof {
  id: number;
  paymentId: number;
  amount: number;
  reference: string;
  fileType: ProofType | null;
  addedBy: number;
  createdAt: Date;
}

export interface Parcel {
  id: number;
  state: ParcelState;
  carrier: string;
  trackingNumber: string;
  createdAt: Date;
  shippedAt: Date | null;
  /** Who sends it; null: the shop itself. */
  seller: string | null;
  lines: ParcelContent[];
}

export interface Refund {
  id: number;
  paymentId: number;
  method: string;
  amount: number;
  state: RefundState;
  reason: string;
  /** The line of a seller who bears it. */
  lineId: number | null;
  createdAt: Date;
}

export interface OrderEvent {
  id: number;
  subject: OrderSubject;
  subjectId: number;
  from: string | null;
  to: string;
  actorKind: ActorKind;
  actorId: number | null;
  note: string | null;
  createdAt: Date;
}

export interface OrderRecord {
  order: Order;
  lines: OrderLine[];
  payments: Payment[];
  proofs: Proof[];
  parcels: Parcel[];
  refunds: Refund[];
  request: ReturnRequest | undefined;
  /** Newest first. */
  events: OrderEvent[];
}

/** @throws OrderNotFoundError */
export async function getOrderRecord(db: Kysely<Catalogue>, number: string): Promise<OrderRecord> {
  const order = await findOrder(db, number);
  if (!order) throw new OrderNotFoundError();
  const { id } = order;
  const [lines, payments, proofs, parcels, refunds, request, events] = await Promise.all([
    listLines(db, id),
    listPayments(db, id),
    listProofs(db, id),
    listParcels(db, id),
    listRefunds(db, id),
    findReturnRequest(db, id),
    listEvents(db, id),
  ]);
  return { order, lines, payments, proofs, parcels, refunds, request, events };
}

async function findOrder(db: Kysely<Catalogue>, number: string): Promise<Order | undefined> {
  return db
    .selectFrom('shop_order')
    .select(['id', 'number', 'state', 'customer_id as customerId', 'email', 'name', 'phone', 'language'])
    .select(['currency', 'items_total as itemsTotal', 'delivery_total as deliveryTotal'])
    .select(['delivery_tax as deliveryTax', 'tax_total as taxTotal', 'total', 'address', 'delivery'])
    .select('cancelled_total as cancelledTotal')
    .select(['hold_until as holdUntil', 'created_at as createdAt'])
    .where('number', '=', number)
    .executeTakeFirst();
}

export async function listLines(db: Kysely<Catalogue>, orderId: number): Promise<OrderLine[]> {
  return db
    .selectFrom('order_line')
    .leftJoin('product', 'product.id', 'order_line.product_id')
    .leftJoin('seller', 'seller.id', 'order_line.seller_id')
    .select(['order_line.id', 'order_line.product_id as productId', 'order_line.code', 'order_line.name'])
    .select(['order_line.unit', 'order_line.quantity', 'unit_price as unitPrice'])
    .select([
      'order_line.tax_rate as taxRate',
      'line_total as lineTotal',
      'tax',
      'held',
      'shipped',
      'returned',
      'cancelled',
    ])
    .select(['product.on_hand as onHand', 'product.exact_reserved as reserved', FIRST_PHOTO])
    .select(['seller.name as seller', 'seller.customer_id as sellerCustomerId', 'refunded'])
    .select(
      sql<number>`(
        SELECT COALESCE(SUM(content.quantity), 0)
        FROM parcel_line AS content JOIN parcel ON parcel.id = content.parcel_id
        WHERE content.order_line_id = order_line.id AND parcel.state IN ('open', 'packed')
      )`.as('inParcels'),
    )
    .where('order_id', '=', orderId)
    .orderBy('position')
    .execute();
}

async function listPayments(db: Kysely<Catalogue>, orderId: number): Promise<Payment[]> {
  return db
    .selectFrom('payment')
    .select(['id', 'method', 'state', 'amount', 'captured_amount as captured'])
    .select(['provider_reference as reference', 'created_at as createdAt', 'updated_at as updatedAt'])
    .where('order_id', '=', orderId)
    .orderBy('id')
    .execute();
}

async function listProofs(db: Kysely<Catalogue>, orderId: number): Promise<Proof[]> {
  return db
    .selectFrom('payment_proof')
    .innerJoin('payment', 'payment.id', 'payment_proof.payment_id')
    .select(['payment_proof.id', 'payment_id as paymentId', 'payment_proof.amount'])
    .select(['payment_proof.reference', 'file_type as fileType', 'added_by as addedBy'])
    .select('payment_proof.created_at as createdAt')
    .where('payment.order_id', '=', orderId)
    .orderBy('payment_proof.id')
    .execute();
}

async function listParcels(db: Kysely<Catalogue>, orderId: number): Promise<Parcel[]> {
  const parcels = await db
    .selectFrom('parcel')
    .leftJoin('seller', 'seller.id', 'parcel.seller_id')
    .select(['parcel.id', 'parcel.state', 'carrier', 'tracking_number as trackingNumber'])
    .select(['created_at as createdAt', 'shipped_at as shippedAt', 'seller.name as seller'])
    .where('order_id', '=', orderId)
    .orderBy('parcel.id')
    .execute();
  return withContents(db, parcels);
}

async function listRefunds(db: Kysely<Catalogue>, orderId: number): Promise<Refund[]> {
  return db
    .selectFrom('refund')
    .innerJoin('payment', 'payment.id', 'refund.payment_id')
    .select(['refund.id', 'refund.payment_id as paymentId', 'payment.method', 'refund.amount'])
    .select(['refund.state', 'refund.reason', 'refund.order_line_id as lineId'])
    .select('refund.created_at as createdAt')
    .where('refund.order_id', '=', orderId)
    .orderBy('refund.id')
    .execute();
}

async function listEvents(db: Kysely<Catalogue>, orderId: number): Promise<OrderEvent[]> {
  return db
    .selectFrom('order_event')
    .select(['id', 'subject', 'subject_id as subjectId', 'from_state as from', 'to_state as to'])
    .select(['actor_kind as actorKind', 'actor_id as actorId', 'note', 'created_at as createdAt'])
    .where('order_id', '=', orderId)
    .orderBy('id', 'desc')
    .limit(MAX_EVENTS)
    .execute();
}
