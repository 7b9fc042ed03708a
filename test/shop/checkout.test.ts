import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { faultsOf, rowsOf, stockOf } from '../orders/shop-support.ts';
import { newCustomer, textOf, waitForMails } from '../support/kept-mail.ts';
import { openDatabases } from '../support/open-databases.ts';
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
let databases: Databases;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
});

afterAll(async () => {
  await root.end();
  await closeDatabases(databases);
});

const guest = () => ({ ...TO_QUITO, email: uniqueEmail() });
const byTransfer = { payment: 'bank_transfer' };

async function ordersOf(email: string) {
  return rowsOf(root, 'SELECT * FROM shop_order WHERE email = ?', [email]);
}

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

  const { page, fields } = await delivered(shopper, guest());
  expect([...page.ways.values()]).toEqual(['Servientrega a domicilio', 'Recoger en la tienda']);
  const placed = await press(shopper, page, { ...fields, ...byTransfer });
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

test('a customer orders to a saved address, and finds the order in the account', async () => {
  const { shopper, email } = await newCustomer({ language: 'en' });
  const book = await addBook(root, { price: 2000 });
  await putInCart(shopper, book);
  const address = { ...TO_QUITO, keepAddress: '1' };
  const first = await delivered(shopper, address);
  expect(first.page.text).not.toContain('name="email"');
  const placed = await press(shopper, first.page, { ...first.fields, payment: 'cash_on_delivery' });
  expect(placed.headers.location).toMatch(/^\/shop\/orders\/[\w-]+\?placed=1$/);
  const order = await orderOf(root, placed.headers.location!);
  expect(order).toMatchObject({ state: 'confirmed', email, language: 'en' });
  expect((await shopper.get(placed.headers.location!)).text).toContain('You pay when you receive it.');
  expect((await shopper.open('orders')).text).toContain(String(order.number));
  expect(await waitForMails(email, 2)).toEqual(
    expect.arrayContaining([expect.objectContaining({ template: 'order-confirmed', language: 'en' })]),
  );

  await putInCart(shopper, book);
  const again = await openCheckout(shopper);
  expect(again.text).toContain('Ana Núñez · Larga 1');
  const [saved] = /name="saved" value="(\d+)" checked/.exec(again.text)!.slice(1);
  const [delivery] = again.ways.keys();
  const contact = { name: 'Ana', phone: '099', saved: saved!, delivery: delivery!, ...byTransfer };
  const second = await orderOf(root, (await press(shopper, again, contact)).headers.location!);
  expect(second).toMatchObject({ delivery_total: 300, address: { street: 'Larga 1', region: 'pichincha' } });
});

test('what is picked up has no delivery and needs no address', async () => {
  const shopper = new Shopper();
  await putInCart(shopper, await addBook(root, { price: 700 }));
  const page = await openCheckout(shopper);
  const contact = {
    email: uniqueEmail(),
    name: 'Ana',
    phone: '099',
    delivery: 'pick_up',
    payment: 'pick_up',
  };
  const order = await orderOf(root, (await press(shopper, page, contact)).headers.location!);
  expect(order).toMatchObject({
    ...{ state: 'confirmed', delivery_total: 0, total: 700, address: null },
    delivery: { kind: 'pick_up' },
  });
});

test('pressing twice, also at once, makes one order', async () => {
  const book = await addBook(root, { quantity: 10 });
  const shopper = new Shopper();
  await putInCart(shopper, book, '3');
  const { page, fields } = await delivered(shopper, guest());
  const send = () => press(shopper, page, { ...fields, ...byTransfer });
  const answers = [...(await Promise.all([send(), send(), send()])), await send()];
  expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
  expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
  expect(await ordersOf(fields.email!)).toHaveLength(1);
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 3 });
});

test('a price that has changed since is said, and charged only once it is confirmed', async () => {
  const book = await addBook(root, { price: 1000 });
  const shopper = new Shopper();
  await putInCart(shopper, book);
  const { page, fields } = await delivered(shopper, guest());
  await root.query('UPDATE product SET price = 1500 WHERE id = ?', [book.id]);
  const order = { ...fields, ...byTransfer };
  const refused = await press(shopper, page, order);
  expect(refused.status).toBe(409);
  const changed = readCheckout(refused);
  expect(changed.text).toContain(`«${book.name}»: antes $10,00, ahora $15,00.`);
  expect(changed.text).toContain('value="Larga 1"');
  expect(await ordersOf(fields.email!)).toEqual([]);
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 0 });
  const placed = await press(shopper, changed, order);
  expect(await orderOf(root, placed.headers.location!)).toMatchObject({ items_total: 1500, total: 1800 });
});

test('amounts that a browser makes up change nothing', async () => {
  const book = await addBook(root, { price: 1000 });
  const shopper = new Shopper();
  await putInCart(shopper, book);
  const { page, fields } = await delivered(shopper, guest());
  const [way] = page.ways.keys();
  for (const [seenPrices, seenDelivery] of [
    [`${book.id}:1`, page.hidden.seenDelivery!],
    [page.hidden.seenPrices!, `${way}:0`],
    ['', ''],
    ['x', '1;2'],
  ]) {
    const hidden = { ...page.hidden, seenPrices: seenPrices!, seenDelivery: seenDelivery! };
    expect((await press(shopper, { hidden }, { ...fields, ...byTransfer })).status).toBe(409);
  }
  expect(await ordersOf(fields.email!)).toEqual([]);
});

test('the price of the delivery is that of today', async () => {
  const shopper = new Shopper();
  await putInCart(shopper, await addBook(root));
  const { page, fields } = await delivered(shopper, guest());
  const [id] = page.ways.keys();
  await root.query('UPDATE delivery_rate SET price = price + 100 WHERE method_id = ?', [id]);
  try {
    const refused = await press(shopper, page, { ...fields, ...byTransfer });
    expect(refused.status).toBe(409);
    expect(readCheckout(refused).text).toContain('Servientrega a domicilio: la entrega cuesta $4,00.');
  } finally {
    await root.query('UPDATE delivery_rate SET price = price - 100 WHERE method_id = ?', [id]);
  }
  expect(await ordersOf(fields.email!)).toEqual([]);
});

test('what was sold meanwhile is said beside its line, where less can be kept or it can be taken out', async () => {
  const [few, gone, left] = [
    await addBook(root, { quantity: 5 }),
    await addBook(root),
    await addBook(root, { price: 100 }),
  ];
  const shopper = new Shopper();
  for (const product of [few, gone, left]) await putInCart(shopper, product, '3');
  const { page, fields } = await delivered(shopper, guest());
  await root.query('UPDATE product SET exact_reserved = 3, reserved = 3 WHERE id = ?', [few.id]);
  await root.query('UPDATE product SET on_sale = 0 WHERE id = ?', [gone.id]);
  const order = { ...fields, ...byTransfer };
  const refused = await press(shopper, page, order);
  expect(refused.status).toBe(409);
  expect(readCheckout(refused).text).toContain(`«${few.name}»: solo hay 2 ejemplares.`);
  expect(readCheckout(refused).text).toContain(`«${gone.name}» ya no está en venta.`);
  const kept = await press(shopper, readCheckout(refused), order, `keep:${few.id}`);
  const removed = await press(shopper, readCheckout(kept), order, `remove:${gone.id}`);
  expect(removed.status).toBe(200);
  const placed = await press(shopper, readCheckout(removed), order);
  expect(placed.status).toBe(303);
  const { id } = await orderOf(root, placed.headers.location!);
  const lines = await rowsOf(
    root,
    'SELECT product_id, quantity + 0e0 AS quantity FROM order_line WHERE order_id = ?',
    [id],
  );
  expect(lines).toEqual([
    { product_id: few.id, quantity: 2 },
    { product_id: left.id, quantity: 3 },
  ]);
  await root.query('UPDATE product SET exact_reserved = 2, reserved = 2 WHERE id = ?', [few.id]);
});

test('a cart that another tab has changed is shown again before it is ordered', async () => {
  const [book, other] = [await addBook(root), await addBook(root)];
  const shopper = new Shopper();
  await putInCart(shopper, book);
  const { page, fields } = await delivered(shopper, guest());
  await putInCart(shopper, other);
  const order = { ...fields, ...byTransfer };
  const refused = await press(shopper, page, order);
  expect(refused.status).toBe(409);
  const changed = readCheckout(refused);
  expect(changed.text).toContain('El carrito cambió en otra ventana.');
  expect(changed.text).toContain(other.name);
  expect((await press(shopper, changed, order)).status).toBe(303);
  expect((await openCheckout(shopper)).status).toBe(303);
});

test.each<[string, Record<string, string>, string]>([
  ['email', { email: 'ana@' }, 'Escriba un correo válido, como nombre@ejemplo.com.'],
  ['name', { name: '  ' }, 'Escriba su nombre.'],
  ['phone', { phone: '' }, 'Escriba un teléfono.'],
  ['country', { country: 'XX' }, 'Elija un país.'],
  ['country', { country: 'Ñ\u0080' }, 'Elija un país.'],
  ['region', { region: '' }, 'Escriba el departamento o la provincia.'],
  ['municipality', { municipality: '' }, 'Escriba el municipio, el cantón o la ciudad.'],
  ['street', { street: '' }, 'Escriba la calle y el número.'],
  ['postalCode', { postalCode: '1'.repeat(13) }, 'El texto es demasiado largo.'],
  ['directions', { directions: 'x'.repeat(201) }, 'El texto es demasiado largo.'],
  ['recipient', { recipient: 'x'.repeat(101) }, 'El nombre admite hasta 100 caracteres.'],
  ['delivery', { delivery: '' }, 'Elija cómo recibirlo.'],
  ['delivery', { delivery: '999999' }, 'Elija cómo recibirlo.'],
  ['payment', { payment: '' }, 'Elija una forma de pago.'],
  ['payment', { payment: 'gratis' }, 'Elija una forma de pago.'],
  ['payment', { payment: 'pick_up' }, 'Esta forma de pago no sirve para la entrega que eligió.'],
])('says beside the field what is wrong, and keeps what was typed: %s', async (field, wrong, message) => {
  const shopper = new Shopper();
  await putInCart(shopper, await addBook(root));
  const { page, fields } = await delivered(shopper, { ...guest(), directions: 'Timbre «B» <2>' });
  const refused = await press(shopper, page, { ...fields, ...byTransfer, ...wrong });
  expect(refused.status).toBe(422);
  const { text } = readCheckout(refused);
  expect(text).toContain(message);
  expect(refused.text).toContain(`id="${field}-error"`);
  if (field !== 'directions') expect(refused.text).toContain('value="Timbre «B» &lt;2&gt;"');
  expect(await ordersOf(fields.email!)).toEqual([]);
});

test('a country to which nothing is delivered, or a parcel that is too heavy, has no way to be delivered', async () => {
  const shopper = new Shopper();
  await putInCart(shopper, await addBook(root, { weight: 30_000 }));
  const { page } = await delivered(shopper, guest());
  expect([...page.ways.keys()]).toEqual(['pick_up']);
  expect(page.text).toContain('No hay entregas a esta dirección, o el pedido pesa demasiado.');
  expect(page.payments).toEqual(['bank_transfer', 'pick_up']);
});

test('programs that fill in every field order nothing, and so many orders from one network are enough', async () => {
  const shopper = new Shopper();
  const book = await addBook(root, { quantity: 100 });
  await putInCart(shopper, book);
  const { page, fields } = await delivered(shopper, guest());
  const order = { ...fields, ...byTransfer };
  const caught = await press(shopper, page, { ...order, website: 'x' });
  expect([caught.status, caught.headers.location]).toEqual([303, '/tienda']);
  const stale = { hidden: { ...page.hidden, cartVersion: '999' } };
  for (let tries = 0; tries < 30; tries++) expect((await press(shopper, stale, order)).status).toBe(409);
  const limited = await press(shopper, page, order);
  expect(limited.status).toBe(429);
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  expect(readCheckout(limited).text).toContain('Demasiadas solicitudes desde su conexión.');
  expect(await ordersOf(fields.email!)).toEqual([]);
});

test('nobody keeps more than five orders unpaid', async () => {
  const book = await addBook(root, { quantity: 100 });
  const mine = guest();
  const order = async () => {
    const shopper = new Shopper();
    await putInCart(shopper, book);
    const { page, fields } = await delivered(shopper, mine);
    return press(shopper, page, { ...fields, ...byTransfer });
  };
  for (let unpaid = 0; unpaid < 5; unpaid++) expect((await order()).status).toBe(303);
  const refused = await order();
  expect(refused.status).toBe(409);
  expect(readCheckout(refused).text).toContain('Tiene ya 5 pedidos sin pagar.');
});

test('another site can neither fill a cart nor order', async () => {
  const book = await addBook(root);
  const shopper = new Shopper();
  await putInCart(shopper, book);
  for (const page of ['cart', 'addToCart', 'checkout'] as const) {
    const sent = shopper.agent.post(shopper.pathOf(page)).set('Origin', 'https://evil.example').type('form');
    expect([page, (await sent.send({ product: String(book.id), quantity: '1' })).status]).toEqual([
      page,
      403,
    ]);
  }
});

test('the books are right', async () => {
  expect(await faultsOf(databases)).toEqual([]);
});
