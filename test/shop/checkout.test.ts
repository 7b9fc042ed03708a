import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { rowsOf, stockOf } from '../orders/shop-support.ts';
import { mailsTo, newCustomer, textOf, waitForMails } from '../support/kept-mail.ts';
import { stack } from '../support/shared-stack.ts';
import { Shopper, uniqueEmail } from '../support/shopper.ts';
import {
  addBook,
  delivered,
  openCheckout,
  orderOf,
  press,
  putInCart,
  readCheckout,
  TO_QUITO,
} from './checkout-support.ts';

let root: Connection;

beforeAll(async () => {
  root = await stack.connect('primary');
});

afterAll(() => root.end());

const GUEST = () => ({ ...TO_QUITO, email: uniqueEmail() });

test('a guest orders without an account and without a script, and pays by transfer', async () => {
  const book = await addBook(root, { price: 1250, quantity: 5 });
  const shopper = new Shopper();
  await shopper.open('home');
  expect(shopper.cookies()).toEqual([]);
  const put = await putInCart(shopper, book, '2');
  expect([put.status, put.headers.location]).toEqual([303, `/tienda/carrito?added=${book.id}`]);
  expect(shopper.cookies().map(({ name }) => name)).toEqual(['inventario.cart']);
  const cart = await shopper.get(put.headers.location!);
  expect(cart.text).toContain(`«${book.name}» está en su carrito.`);
  expect(cart.text).toContain('aria-label="Carrito: 1 producto"');

  const { page, fields } = await delivered(shopper, GUEST());
  expect([...page.ways.values()]).toEqual(['Servientrega a domicilio', 'Recoger en la tienda']);
  const placed = await press(shopper, page, { ...fields, payment: 'bank_transfer' });
  expect(placed.status).toBe(303);
  const order = await orderOf(root, placed.headers.location!);
  expect(order).toMatchObject({
    ...{ state: 'awaiting_payment', email: fields.email, name: 'Ana Núñez', customer_id: null },
    ...{ items_total: 2500, delivery_total: 300, total: 2800, language: 'es' },
    delivery: { kind: 'delivery', carrier: 'Servientrega', weight: 1000 },
    address: { region: 'pichincha', country: 'EC', street: 'Larga 1', name: 'Ana Núñez' },
  });
  expect(await stockOf(root, book.id)).toMatchObject({ onHand: 5, exact: 2 });

  const shown = await shopper.get(placed.headers.location!);
  expect(shown.text).toContain('Gracias: recibimos su pedido.');
  expect(shown.text).toContain('Banco de la Demostración');
  expect(shown.text).toContain(String(order.number));
  expect((await shopper.open('cart')).text).toContain('Su carrito está vacío');
  const [mail] = await waitForMails(String(fields.email), 1);
  expect(mail).toMatchObject({ template: 'order-placed', language: 'es' });
  const text = await textOf(mail!);
  expect(text).toContain('Banco de la Demostración');
  expect(text).toContain(`Escriba ${order.number} como concepto del pago.`);
  const [, link] = /href="https?:\/\/[^/]+(\/tienda\/pedidos\/[^"]+)"/.exec(text)!;
  expect((await new Shopper().get(link!)).status).toBe(200);
});

test('pressing twice, also at once, makes one order', async () => {
  const book = await addBook(root, { quantity: 10 });
  const shopper = new Shopper();
  await putInCart(shopper, book, '3');
  const { page, fields } = await delivered(shopper, GUEST());
  const send = () => press(shopper, page, { ...fields, payment: 'bank_transfer' });
  const answers = await Promise.all([send(), send(), send()]);
  const late = await send();
  const locations = new Set([...answers, late].map(({ headers }) => headers.location));
  expect([...answers, late].map(({ status }) => status)).toEqual([303, 303, 303, 303]);
  expect(locations.size).toBe(1);
  const orders = await rowsOf(root, 'SELECT id FROM shop_order WHERE email = ?', [fields.email]);
  expect(orders).toHaveLength(1);
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 3 });
});
