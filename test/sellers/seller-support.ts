import type { Connection, ResultSetHeader } from 'mysql2/promise';
import type { Databases } from '../../src/database/databases.ts';
import type { SellerState } from '../../src/database/tables.ts';
import { capturePayment } from '../../src/orders/capture-payment.ts';
import {
  addProduct,
  buy,
  change,
  paymentsOf,
  rowsOf,
  STAFF,
  type ShopProduct,
} from '../orders/shop-support.ts';
import { ADDRESS, catchUp, DELIVERY } from '../order-desk/desk-support.ts';
import { newCustomer } from '../support/kept-mail.ts';
import { hiddenIn, type Shopper } from '../support/shopper.ts';

export interface SellingCustomer {
  id: number;
  customerId: number;
  name: string;
  email: string;
  shopper: Shopper;
}

/** A customer who is signed in, with a row as a seller. */
export async function newSeller(
  root: Connection,
  { state = 'approved', rate = 1000 }: { state?: SellerState; rate?: number } = {},
  options: Parameters<typeof newCustomer>[0] = {},
): Promise<SellingCustomer> {
  const { shopper, email } = await newCustomer(options);
  const [customer] = await rowsOf(root, 'SELECT id FROM customer WHERE email = ?', [email]);
  const customerId = Number(customer!.id);
  const name = `Librería ${customerId}`;
  const [{ insertId: id }] = await root.query<ResultSetHeader>(
    `INSERT INTO seller (customer_id, name, contact, pay_to, state, commission_rate)
     VALUES (?, ?, '099 111', 'Banco Uno 123', ?, ?)`,
    [customerId, name, state, rate],
  );
  await catchUp();
  return { id, customerId, name, email, shopper };
}

export async function addSellerProduct(
  root: Connection,
  seller: { id: number },
  options: Parameters<typeof addProduct>[1] = {},
): Promise<ShopProduct> {
  const product = await addProduct(root, options);
  await root.query("UPDATE product SET seller_id = ?, unit = 'unidad' WHERE id = ?", [seller.id, product.id]);
  await catchUp();
  return product;
}

export interface SoldOrder {
  id: number;
  number: string;
  lines: number[];
  parcels: { id: number; seller: number | null; state: string }[];
}

/** Ordered and paid by transfer. */
export async function sellOf(
  databases: Databases,
  root: Connection,
  wanted: { product: ShopProduct; quantity: number }[],
  { isPaid = true } = {},
): Promise<SoldOrder> {
  const { id, number } = await buy(databases, wanted, {
    address: ADDRESS,
    delivery: { price: 500, tax: 80, method: DELIVERY },
  });
  if (isPaid) await pay(databases, root, id);
  const lines = await rowsOf(root, 'SELECT id FROM order_line WHERE order_id = ? ORDER BY id', [id]);
  await catchUp();
  return { id, number, lines: lines.map((line) => Number(line.id)), parcels: await parcelsOf(root, id) };
}

export async function pay(databases: Databases, root: Connection, orderId: number): Promise<void> {
  const [payment] = await paymentsOf(root, orderId);
  const money = { paymentId: Number(payment!.id), amount: Number(payment!.amount), currency: 'USD' };
  await change(databases, (trx) => capturePayment(trx, { ...money, actor: STAFF }));
}

export async function parcelsOf(root: Connection, orderId: number): Promise<SoldOrder['parcels']> {
  return (await rowsOf(
    root,
    'SELECT id, seller_id AS seller, state FROM parcel WHERE order_id = ? ORDER BY id',
    [orderId],
  )) as SoldOrder['parcels'];
}

/** The seller sends it, by the form of the order's page. */
export async function shipAs({ shopper }: SellingCustomer, { number }: SoldOrder, parcel: number) {
  await catchUp();
  const path = shopper.pathOf('shipSellOrder', { number, id: String(parcel) });
  return shopper.submit(
    shopper.pathOf('sellOrder', { number }),
    { carrier: 'Servientrega', trackingNumber: 'GUIA-1' },
    path,
  );
}

/** Of a page whose form is filled in. */
export async function tokenIn(shopper: Shopper): Promise<string> {
  return hiddenIn((await shopper.open('account')).text)._csrf!;
}

export const BOOK = {
  ...{ name: 'Cien años', code: '', description: 'Usado', barcodes: '', category: '', quantity: '3' },
  ...{ price: '12,50', taxRate: '0', weight: '400', onSale: 'yes', authors: 'García Márquez, Gabriel' },
  ...{ publisher: 'Sudamericana', year: '1967', pages: '471', language: 'es', binding: 'paperback' },
};

export async function aCategory(root: Connection): Promise<string> {
  const [category] = await rowsOf(root, 'SELECT name FROM category ORDER BY id LIMIT 1');
  return String(category!.name);
}
