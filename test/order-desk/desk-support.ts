import { randomUUID } from 'node:crypto';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Databases } from '../../src/database/databases.ts';
import type { Task } from '../../src/order-desk/order-filter.ts';
import type { PaymentProvider } from '../../src/payments/provider.ts';
import { bankTransfer } from '../../src/payments/offline-providers.ts';
import { addProduct, buy, paymentsOf, rowsOf, type ShopProduct } from '../orders/shop-support.ts';
import type { Client } from '../support/client.ts';
import { stack } from '../support/shared-stack.ts';
import { hiddenIn } from '../support/shopper.ts';

export interface Sold {
  id: number;
  number: string;
  product: ShopProduct;
  line: number;
  payment: number;
  email: string;
}

export const ADDRESS = {
  ...{ name: 'Željko Ñúñez', phone: '0987654321', street: 'Av. Amazonas 12', directions: 'Timbre azul' },
  ...{ postalCode: '170515', municipality: 'Quito', region: 'Pichincha', country: 'EC' },
};
export const DELIVERY = {
  name: 'Moto',
  carrier: 'Servientrega',
  trackingUrl: 'https://track.example/{number}',
};

/** One unit at 10.00, and a delivery at 5.00, unless otherwise said. */
export async function sell(
  databases: Databases,
  root: Connection,
  {
    quantity = 1,
    stock = 10,
    provider = bankTransfer,
    name = 'Ana Núñez',
    customerId = null,
  }: {
    quantity?: number;
    stock?: number;
    provider?: PaymentProvider;
    name?: string;
    customerId?: number | null;
  } = {},
): Promise<Sold> {
  const product = await addProduct(root, { quantity: stock });
  const email = `${randomUUID()}@example.com`;
  const { id, number } = await buy(databases, [{ product, quantity }], {
    ...{ provider, customerId, address: ADDRESS },
    contact: { email, name, phone: '0991234567', language: 'en' },
    delivery: { price: 500, tax: 80, method: DELIVERY },
  });
  const [line] = await rowsOf(root, 'SELECT id FROM order_line WHERE order_id = ?', [id]);
  const [payment] = await paymentsOf(root, id);
  await catchUp();
  return { id, number, product, email, line: Number(line!.id), payment: Number(payment!.id) };
}

/**
 * The numbers that a list of what is to do shows, from this order on. It begins with the oldest fifty, which other tests
 * have left.
 */
export async function toDoFrom(client: Client, todo: Task, orderId: number): Promise<string[]> {
  await catchUp();
  const { text } = await client.get(`/orders?todo=${todo}&after=${orderId - 1}`);
  return numbersIn(text);
}

/** Those of the orders that a page lists. */
export function numbersIn(html: string): string[] {
  return [...html.matchAll(/<a class="code" href="\/orders\/([^"]+)"/g)].map(([, number]) => number!);
}

/** Until the replica shows what others have done: people see their own writes only. */
export async function catchUp(): Promise<void> {
  const [primary, replica] = await Promise.all([stack.connect('primary'), stack.connect('replica1')]);
  const [[state]] = await primary.query<RowDataPacket[]>('SELECT @@gtid_executed AS executed');
  await replica.query('SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 20)', [state!.executed]);
  await Promise.all([primary.end(), replica.end()]);
}

interface OpenedForm {
  action: string;
  fields: Record<string, string>;
}

/** A form of the page of an order, as it is now. @param into the end of its address */
export async function openForm(client: Client, number: string, into: string): Promise<OpenedForm> {
  await catchUp();
  const { text, status } = await client.get(`/orders/${number}`);
  const forms = [...text.matchAll(/<form[^>]* method="post" action="([^"]+)"[^>]*>([^]*?)<\/form>/g)];
  const form = forms.find(([, action]) => action!.endsWith(into));
  if (!form) throw new Error(`The page of ${number} has no form for ${into} (${status})`);
  const inputs = form[2]!.matchAll(/<input class="[^"]*" id="[^"]*" name="([^"]+)" value="([^"]*)"/g);
  const filled = Object.fromEntries([...inputs].map(([, name, value]) => [name!, value!]));
  return { action: form[1]!, fields: { ...filled, ...hiddenIn(form[2]!) } };
}

export async function send(
  client: Client,
  { action, fields }: OpenedForm,
  typed: Record<string, string> = {},
) {
  return client.post(action, { ...fields, ...typed });
}

/** Opens the page and sends one of its forms. */
export async function act(client: Client, number: string, into: string, typed: Record<string, string> = {}) {
  return send(client, await openForm(client, number, into), typed);
}

export async function hasForm(client: Client, number: string, into: string): Promise<boolean> {
  await catchUp();
  const { text } = await client.get(`/orders/${number}`);
  return new RegExp(`method="post" action="[^"]*${into}"`).test(text);
}

/** What happened to an order, oldest first. */
export async function eventsOf(root: Connection, orderId: number): Promise<string[]> {
  const rows = await rowsOf(
    root,
    `SELECT CONCAT(subject, ' ', to_state, ' by ', actor_kind, COALESCE(CONCAT(': ', note), '')) AS event
     FROM order_event WHERE order_id = ? ORDER BY id`,
    [orderId],
  );
  return rows.map(({ event }) => String(event));
}
