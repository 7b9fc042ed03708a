import { sql, type Kysely } from 'kysely';
import type { Catalogue, OrderState, ParcelState } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { withContents, type ParcelContent } from '../orders/parcel-contents.ts';

export const ORDERS_PER_PAGE = 25;
const MAX_ROWS = 500;

/** Also if nothing in it is theirs. */
export class SellerOrderNotFoundError extends DomainError {
  constructor() {
    super({ code: 'order_not_found', status: 404, textKey: 'sellers.errors.orderNotFound' });
  }
}

export interface ListedOrder {
  id: number;
  number: string;
  createdAt: Date;
  lines: number;
  /** Parcels of theirs that have to go. */
  waiting: number;
  sent: number;
}

/** The newest first. An order is theirs from its confirmation on, when it gets a parcel of theirs. */
export async function listSellerOrders(
  db: Kysely<Catalogue>,
  sellerId: number,
  before?: number,
): Promise<{ orders: ListedOrder[]; next: number | undefined }> {
  const rows = await db
    .selectFrom('parcel')
    .innerJoin('shop_order', 'shop_order.id', 'parcel.order_id')
    .select(['shop_order.id', 'number', 'shop_order.created_at as createdAt'])
    .select(sql<number>`CAST(SUM(parcel.state IN ('open', 'packed')) AS SIGNED)`.as('waiting'))
    .select(sql<number>`CAST(SUM(parcel.state IN ('shipped', 'delivered')) AS SIGNED)`.as('sent'))
    .select(
      sql<number>`(
        SELECT COUNT(*) FROM order_line WHERE order_id = shop_order.id AND seller_id = ${sellerId})`.as(
        'lines',
      ),
    )
    .where('parcel.seller_id', '=', sellerId)
    .$if(before !== undefined, (query) => query.where('parcel.order_id', '<', before!))
    .groupBy('parcel.order_id')
    .orderBy('parcel.order_id', 'desc')
    .limit(ORDERS_PER_PAGE + 1)
    .execute();
  const orders = rows.slice(0, ORDERS_PER_PAGE);
  return { orders, next: rows.length > ORDERS_PER_PAGE ? orders.at(-1)!.id : undefined };
}

export async function countToShip(db: Kysely<Catalogue>, sellerId: number): Promise<number> {
  const { parcels } = await db
    .selectFrom('parcel')
    .select(sql<number>`COUNT(*)`.as('parcels'))
    .where('seller_id', '=', sellerId)
    .where('state', 'in', ['open', 'packed'])
    .executeTakeFirstOrThrow();
  return parcels;
}

export interface SellerLine {
  id: number;
  name: string;
  code: string;
  unit: string;
  quantity: number;
  unitPrice: number;
  lineTotal: number;
  shipped: number;
  returned: number;
  /** The shop has called it off. */
  cancelled: number;
  refunded: number;
  commissionRate: number;
  earned: number;
}

export interface SellerParcel {
  id: number;
  state: ParcelState;
  carrier: string;
  trackingNumber: string;
  shippedAt: Date | null;
  lines: ParcelContent[];
}

/** Of an order: what is theirs, and nothing of others or of the customer. */
export interface SellerOrder {
  number: string;
  state: OrderState;
  createdAt: Date;
  lines: SellerLine[];
  parcels: SellerParcel[];
  /** The method. */
  delivery: unknown;
  /** Where to send it, while they have to; null before and after. */
  address: unknown;
}

/** @throws SellerOrderNotFoundError */
export async function getSellerOrder(
  db: Kysely<Catalogue>,
  sellerId: number,
  number: string,
): Promise<SellerOrder> {
  const order = await db
    .selectFrom('shop_order')
    .select(['id', 'number', 'state', 'created_at as createdAt', 'address', 'delivery'])
    .where('number', '=', number)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('parcel')
          .select('parcel.id')
          .whereRef('parcel.order_id', '=', 'shop_order.id')
          .where('parcel.seller_id', '=', sellerId),
      ),
    )
    .executeTakeFirst();
  if (!order) throw new SellerOrderNotFoundError();
  const { id, address, ...facts } = order;
  const parcels = await listParcels(db, sellerId, id);
  const isToShip = parcels.some(({ state }) => state === 'open' || state === 'packed');
  return {
    ...facts,
    lines: await listLines(db, sellerId, id),
    parcels,
    address: isToShip ? address : null,
  };
}

async function listLines(db: Kysely<Catalogue>, sellerId: number, orderId: number): Promise<SellerLine[]> {
  return db
    .selectFrom('order_line')
    .select(['id', 'name', 'code', 'unit', 'quantity', 'unit_price as unitPrice'])
    .select(['line_total as lineTotal', 'shipped', 'returned', 'cancelled'])
    .select(['refunded', 'earned', 'commission_rate as commissionRate'])
    .where('order_id', '=', orderId)
    .where('seller_id', '=', sellerId)
    .orderBy('position')
    .limit(MAX_ROWS)
    .execute();
}

async function listParcels(
  db: Kysely<Catalogue>,
  sellerId: number,
  orderId: number,
): Promise<SellerParcel[]> {
  const parcels = await db
    .selectFrom('parcel')
    .select(['id', 'state', 'carrier', 'tracking_number as trackingNumber', 'shipped_at as shippedAt'])
    .where('order_id', '=', orderId)
    .where('seller_id', '=', sellerId)
    .orderBy('id')
    .limit(MAX_ROWS)
    .execute();
  return withContents(db, parcels);
}

/** @throws SellerOrderNotFoundError, also if it is somebody else's */
export async function assertOwnParcel(
  db: Kysely<Catalogue>,
  sellerId: number,
  { id, number }: { id: number; number: string },
): Promise<void> {
  const parcel = await db
    .selectFrom('parcel')
    .innerJoin('shop_order', 'shop_order.id', 'parcel.order_id')
    .select('parcel.id')
    .where('parcel.id', '=', id)
    .where('parcel.seller_id', '=', sellerId)
    .where('shop_order.number', '=', number)
    .executeTakeFirst();
  if (!parcel) throw new SellerOrderNotFoundError();
}
