import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Response } from 'supertest';
import { unescaped, hiddenIn, type Shopper } from '../support/shopper.ts';
import { addProduct, type ShopProduct } from '../orders/shop-support.ts';

/** A product of the shop with a weight, in whole units. */
export async function addBook(
  root: Connection,
  options: { quantity?: number; price?: number; taxRate?: number; weight?: number } = {},
): Promise<ShopProduct & { name: string }> {
  const product = await addProduct(root, options);
  const name = `Libro ${product.id}`;
  await root.query(`UPDATE product SET name = ?, unit = 'ejemplar', weight = ? WHERE id = ?`, [
    name,
    options.weight ?? 500,
    product.id,
  ]);
  return { ...product, name };
}

export async function putInCart(
  shopper: Shopper,
  product: { id: number },
  quantity = '1',
): Promise<Response> {
  const fields = { product: String(product.id), quantity };
  return shopper.post(shopper.pathOf('addToCart'), { ...(await tokenOf(shopper)), ...fields });
}

/** Of a customer's forms; a visitor's have none. */
export async function tokenOf(shopper: Shopper): Promise<Record<string, string>> {
  if (!shopper.cookies().some(({ name }) => name === 'inventario.shop')) return {};
  const { _csrf: token } = hiddenIn((await shopper.open('account')).text);
  return { _csrf: token! };
}

/** To Quito, by the cheapest way of the demonstration. */
export const TO_QUITO = {
  ...{ name: 'Ana Núñez', phone: '099 123', saved: 'new', country: 'EC', region: 'pichincha' },
  ...{ municipality: 'Quito', street: 'Larga 1', postalCode: '', directions: '', recipient: '' },
};

export interface CheckoutPage {
  status: number;
  text: string;
  hidden: Record<string, string>;
  /** What the ways to receive it are called, by their values. */
  ways: Map<string, string>;
  payments: string[];
}

export function readCheckout({ status, text }: { status: number; text: string }): CheckoutPage {
  const [, form = ''] = /<form class="checkout"[^>]*>([^]*?)<\/form>/.exec(text) ?? [];
  const choices = (name: string) =>
    [
      ...form.matchAll(
        /<input class="form-check-input" type="radio"[^>]*name="(\w+)" value="([^"]+)"[^>]*>\s*<span class="choice-text"><span class="choice-title">([^<]*)/g,
      ),
    ]
      .filter(([, field]) => field === name)
      .map(([, , value, title]) => [value!, unescaped(title!)] as const);
  return {
    status,
    text: unescaped(text),
    hidden: hiddenIn(form),
    ways: new Map(choices('delivery')),
    payments: choices('payment').map(([value]) => value),
  };
}

export async function openCheckout(shopper: Shopper): Promise<CheckoutPage> {
  return readCheckout(await shopper.open('checkout'));
}

/** Sends the form of a page that was shown, as pressing one of its buttons does. */
export async function press(
  shopper: Shopper,
  { hidden }: Pick<CheckoutPage, 'hidden'>,
  fields: Record<string, string>,
  step = 'order',
): Promise<Response> {
  return shopper.post(shopper.pathOf('checkout'), { ...hidden, ...fields, step });
}

/** What to send to have it delivered by the first method that the address has. */
export async function delivered(
  shopper: Shopper,
  fields: Record<string, string>,
): Promise<{ page: CheckoutPage; fields: Record<string, string> }> {
  const first = await openCheckout(shopper);
  const page = readCheckout(await press(shopper, first, fields, 'update'));
  const [delivery = ''] = page.ways.keys();
  return { page, fields: { ...fields, delivery } };
}

export async function orderOf(root: Connection, location: string): Promise<RowDataPacket> {
  const number = /\/(?:pedidos|orders)\/([^/?]+)/.exec(location)?.[1];
  const [[order]] = await root.query<RowDataPacket[]>('SELECT * FROM shop_order WHERE number = ?', [number]);
  if (!order) throw new Error(`No order at ${location}`);
  return order;
}
