import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { forgetCustomer, deleteForgottenData } from '../../src/checkout/forget-customer.ts';
import { capturePayment } from '../../src/orders/capture-payment.ts';
import { openParcel, shipParcel } from '../../src/orders/parcels.ts';
import { change, faultsOf, paymentsOf, rowsOf, STAFF, stateOf, stockOf } from '../orders/shop-support.ts';
import { mailsTo, newCustomer, textOf, waitForMails } from '../support/kept-mail.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { PASSWORD, Shopper, uniqueEmail, unescaped } from '../support/shopper.ts';
import { waitUntil } from '../support/wait-until.ts';
import { addBook, delivered, orderOf, press, putInCart, readCheckout, TO_QUITO } from './checkout-support.ts';

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

interface Placed {
  order: RowDataPacket;
  path: string;
  email: string;
}

async function place(
  shopper: Shopper,
  fields: Record<string, string> = {},
  book?: { id: number },
): Promise<Placed> {
  await putInCart(shopper, book ?? (await addBook(root)), '2');
  const email = uniqueEmail();
  const { page, fields: all } = await delivered(shopper, { ...TO_QUITO, email, ...fields });
  const placed = await press(shopper, page, { payment: 'bank_transfer', ...all, ...fields });
  if (placed.status !== 303) throw new Error(`Not placed: ${placed.status} ${placed.text}`);
  const order = await orderOf(root, placed.headers.location!);
  return { order, path: placed.headers.location!.replace(/[?&]placed=1/, ''), email: String(order.email) };
}

const pay = async (order: RowDataPacket) => {
  const [payment] = await paymentsOf(root, Number(order.id));
  const money = { paymentId: Number(payment!.id), amount: Number(order.total), currency: 'USD' };
  return change(databases, (trx) => capturePayment(trx, { ...money, actor: STAFF }));
};

async function ship(order: RowDataPacket): Promise<void> {
  const lines = await rowsOf(
    root,
    'SELECT id, quantity + 0e0 AS quantity FROM order_line WHERE order_id = ?',
    [order.id],
  );
  const id = await change(databases, (trx) =>
    openParcel(trx, {
      orderId: Number(order.id),
      lines: lines.map((line) => ({ orderLineId: Number(line.id), quantity: Number(line.quantity) })),
      actor: STAFF,
    }),
  );
  const parcel = { id, carrier: 'Servientrega', trackingNumber: 'EC 99/1', actor: STAFF };
  await change(databases, (trx) => shipParcel(trx, parcel));
}

test("other people's orders do not exist, with or without an account", async () => {
  const guest = await place(new Shopper());
  const { shopper: owner } = await newCustomer();
  const own = await place(owner);
  expect(own.path).not.toContain('?');
  const [{ shopper: other }, stranger] = [await newCustomer(), new Shopper()];
  const number = { number: String(guest.order.number) };
  const [, token] = guest.path.split('?t=');
  expect((await stranger.get(guest.path)).status).toBe(200);
  const changed = `${token!.slice(0, -2)}${token!.endsWith('AA') ? 'BB' : 'AA'}`;
  for (const reader of [owner, other]) expect((await reader.open('order', number)).status).toBe(404);
  for (const reader of [owner, other, stranger]) {
    for (const wrong of ['', 'x', changed, (own.order.link_sha256 as Buffer).toString('base64url')])
      expect((await reader.get(`${reader.pathOf('order', number)}?t=${wrong}`)).status).toBe(404);
  }
  expect((await other.get(own.path)).status).toBe(404);
  for (const reader of [other, stranger])
    expect((await reader.get(`${own.path}?t=${token}`)).status).toBe(404);
  for (const page of ['cancelOrder', 'payOrder', 'returnOrder'] as const)
    expect((await stranger.post(stranger.pathOf(page, number), { t: changed })).status).toBe(404);
  expect(await stateOf(root, Number(guest.order.id))).toBe('awaiting_payment');
  for (const wrong of ['%C2%80', 'Ñ', '0', 'x'.repeat(500)])
    expect([
      wrong,
      (await other.get(`/tienda/pedidos/${wrong.includes('%') ? wrong : encodeURIComponent(wrong)}`)).status,
    ]).toEqual([wrong, 404]);
  expect((await stranger.open('orders')).headers.location).toContain('/cuenta/iniciar-sesion');
});

test('a link without its secret leads to the log-in, whether or not there is such an order, and back', async () => {
  const { shopper: owner, email } = await newCustomer();
  const { order, path } = await place(owner);
  await owner.submit(owner.pathOf('account'), {}, owner.pathOf('logOut'));
  for (const number of [String(order.number), 'NONE-SUCH']) {
    const link = owner.pathOf('order', { number });
    const asked = await owner.get(`${link}?placed=1`);
    const expected = `${owner.pathOf('logIn')}?${new URLSearchParams({ return: `${link}?placed=1` }).toString()}`;
    expect([asked.status, asked.headers.location]).toEqual([303, expected]);
  }
  const logIn = (await owner.get(path)).headers.location!;
  const answer = await owner.submit(logIn, { email, password: PASSWORD });
  expect(answer.headers.location).toBe(path);
});

test('a refused form of a guest keeps its secret when the language is switched', async () => {
  const guest = await place(new Shopper());
  const shopper = new Shopper();
  const { text } = await shopper.get(guest.path);
  const [, t] = guest.path.split('?t=');
  const number = { number: String(guest.order.number) };
  const refused = await shopper.post(shopper.pathOf('returnOrder', number), { t: t!, reason: '' });
  expect(refused.status).toBe(422);
  const [, other] = /href="([^"]+)" hreflang="en"/.exec(refused.text)!;
  const { headers } = await shopper.get(unescaped(other!));
  expect(headers.location).toBe(`/shop/orders/${number.number}?t=${t}`);
  const english = await shopper.get(headers.location!);
  expect([text.length > 0, english.status]).toEqual([true, 200]);
});

test('an unpaid order is paid only in ways that are offered', async () => {
  const guest = await place(new Shopper());
  const shopper = new Shopper();
  const id = Number(guest.order.id);
  const [, t] = guest.path.split('?t=');
  const payBy = (method: string) =>
    shopper.post(shopper.pathOf('payOrder', { number: String(guest.order.number) }), { t: t!, method });
  const [[{ transfer_text: text }]] = (await root.query(
    'SELECT transfer_text FROM shop_setting',
  )) as unknown as [[{ transfer_text: string }]];
  await root.query(`UPDATE payment SET method = 'wompi' WHERE order_id = ?`, [id]);
  await root.query(`UPDATE shop_setting SET transfer_text = ''`);
  try {
    await payBy('bank_transfer');
    await payBy('cash_on_delivery');
    expect(await rowsOf(root, 'SELECT method FROM payment WHERE order_id = ?', [id])).toEqual([
      { method: 'wompi' },
    ]);
  } finally {
    await root.query('UPDATE shop_setting SET transfer_text = ?', [text]);
    await root.query(`UPDATE payment SET method = 'bank_transfer' WHERE order_id = ?`, [id]);
  }
});

test('what costs nothing is confirmed at once, in whatever way it would be paid', async () => {
  const book = await addBook(root, { price: 0 });
  await root.query(`UPDATE shop_setting SET pick_up_text = IF(pick_up_text = '', 'Aquí', pick_up_text)`);
  const shopper = new Shopper();
  await putInCart(shopper, book);
  const page = readCheckout(await shopper.open('checkout'));
  const contact = { email: uniqueEmail(), name: 'Ana', phone: '099', delivery: 'pick_up' };
  const answer = await press(shopper, page, { ...contact, payment: 'bank_transfer' });
  const order = await orderOf(root, answer.headers.location!);
  expect([order.state, Number(order.total)]).toEqual(['confirmed', 0]);
  expect(await paymentsOf(root, Number(order.id))).toMatchObject([{ state: 'captured' }]);
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 1 });
});

test('the key of a form that someone finds in the database leads to no order', async () => {
  const { order } = await place(new Shopper());
  const thief = new Shopper();
  await putInCart(thief, await addBook(root));
  const answer = await thief.post(thief.pathOf('checkout'), {
    placedKey: String(order.placed_key),
    step: 'order',
  });
  expect(answer.status).toBe(422);
});

test('what is unpaid is cancelled by its buyer, and its stock is free again', async () => {
  const book = await addBook(root);
  const shopper = new Shopper();
  const { order, path, email } = await place(shopper, {}, book);
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 2 });
  const cancelled = await shopper.submit(path, {}, 'cancelar');
  expect(cancelled.headers.location).toBe(`${path}&done=cancelled`);
  expect((await shopper.get(cancelled.headers.location!)).text).toContain('El pedido se canceló.');
  expect(await stateOf(root, Number(order.id))).toBe('cancelled');
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 0 });
  const again = await shopper.post(shopper.pathOf('cancelOrder', { number: String(order.number) }), {
    t: path.split('?t=')[1]!,
  });
  expect([again.status, again.headers.location]).toEqual([303, cancelled.headers.location]);
  expect((await waitForMails(email, 2)).map(({ template }) => template).sort()).toEqual([
    'order-cancelled',
    'order-placed',
  ]);
});

test('what is paid is not cancelled by its buyer, and shipped with a link to its carrier', async () => {
  const { shopper } = await newCustomer({ language: 'en' });
  const { order, path, email } = await place(shopper);
  expect(await pay(order)).toBe('paid');
  const number = { number: String(order.number) };
  await waitUntil(async () => (await shopper.get(path)).text.includes('We received the payment'));
  expect((await shopper.get(path)).text).not.toContain(shopper.pathOf('cancelOrder', number));
  await ship(order);
  await waitUntil(async () => (await shopper.get(path)).text.includes('guia=EC%2099%2F1'));
  const mails = await waitForMails(email, 4);
  const templates = mails.map(({ template }) => template).filter((name) => name.startsWith('order-'));
  expect(templates.sort()).toEqual(['order-paid', 'order-placed', 'order-shipped']);
  const shipped = await textOf(mails.find(({ template }) => template === 'order-shipped')!);
  expect(shipped).toContain('Servientrega, tracking number EC 99/1');
  // The customer logs in, so the link has no secret.
  expect(shipped).toMatch(new RegExp(`${path}"`));
});

test('what is picked up is ready instead of on its way', async () => {
  const { shopper } = await newCustomer();
  const { order, path, email } = await place(shopper, { delivery: 'pick_up', payment: 'pick_up' });
  await ship(order);
  await waitUntil(async () => (await shopper.get(path)).text.includes('Listo para recoger'));
  const { text } = await shopper.get(path);
  expect(text).toContain('Su pedido, o una parte, está listo: puede recogerlo.');
  expect((await shopper.open('orders')).text).toContain('Listo para recoger');
  for (const page of [text, (await shopper.open('orders')).text])
    expect(page).not.toMatch(/en camino|>Enviado/i);
  const ready = (await waitForMails(email, 3)).find(({ template }) => template === 'order-shipped');
  const told = await textOf(ready!);
  expect(told).toContain('Puede recogerlo aquí:');
  expect(told).not.toContain('Servientrega');
});

test('each e-mail is sent once, however often its entry is carried out', async () => {
  const { order, email } = await place(new Shopper());
  await waitForMails(email, 1);
  const [event] = await rowsOf(root, "SELECT id FROM order_event WHERE order_id = ? AND mail = 'placed'", [
    order.id,
  ]);
  for (let time = 0; time < 3; time++) {
    await root.query(
      "INSERT INTO outbox (id, kind, payload, due_at) VALUES (UUID(), 'order-mail', JSON_OBJECT('event', ?), UTC_TIMESTAMP(3))",
      [event!.id],
    );
  }
  await waitUntil(async () => {
    const left = await rowsOf(root, "SELECT 1 FROM outbox WHERE kind IN ('order-mail', 'mail')");
    return left.length === 0;
  });
  expect(await mailsTo(email)).toHaveLength(1);
});

test('what was shipped can be asked to go back, once, and no more than it', async () => {
  const shopper = new Shopper();
  const { order, path } = await place(shopper);
  await pay(order);
  await ship(order);
  const [line] = await rowsOf(root, 'SELECT id FROM order_line WHERE order_id = ?', [order.id]);
  const name = `line${line!.id}`;
  const ask = (fields: Record<string, string>) => shopper.submit(path, fields, 'devolver');
  for (const [fields, message] of [
    [{ [name]: '3', reason: 'Roto' }, 'Puede devolver hasta 2.'],
    [{ [name]: 'x', reason: 'Roto' }, 'Escriba una cantidad, como 1 o 2.'],
    [{ [name]: '', reason: 'Roto' }, 'Escriba la cantidad de al menos un producto.'],
    [{ [name]: '1', reason: '' }, 'Escriba por qué lo devuelve.'],
  ] as [Record<string, string>, string][]) {
    const refused = await ask(fields);
    expect([message, refused.status]).toEqual([message, 422]);
    expect(unescaped(refused.text)).toContain(message);
    expect(refused.text).toContain(`name="${name}" value="${fields[name]}"`);
  }
  const { text } = await shopper.get(path);
  const asked = await ask({ [name]: '1', reason: 'Le faltan hojas' });
  expect(asked.headers.location).toBe(`${path}&done=returnAsked`);
  expect(text).toContain('Devolver algo');
  expect((await shopper.get(path)).text).not.toContain('Devolver algo');
  const requests = await rowsOf(
    root,
    `SELECT state, reason, order_line_id, quantity + 0e0 AS quantity
     FROM return_request JOIN return_request_line ON request_id = id WHERE order_id = ?`,
    [order.id],
  );
  expect(requests).toEqual([
    { state: 'asked', reason: 'Le faltan hojas', order_line_id: Number(line!.id), quantity: 1 },
  ]);
  const token = path.split('?t=')[1]!;
  const number = { number: String(order.number) };
  const press = { t: token, [name]: '1', reason: 'Le faltan hojas' };
  const again = await shopper.post(shopper.pathOf('returnOrder', number), press);
  expect([again.status, again.headers.location]).toEqual([303, asked.headers.location]);
  const second = { t: token, [name]: '1', reason: 'Otra vez' };
  expect((await shopper.post(shopper.pathOf('returnOrder', number), second)).status).toBe(422);
  expect(await rowsOf(root, 'SELECT id FROM return_request WHERE order_id = ?', [order.id])).toHaveLength(1);
});

test('the orders of an account come in pages, newest first', async () => {
  const { shopper, email } = await newCustomer();
  const { order } = await place(shopper);
  await root.query(
    `INSERT INTO shop_order (number, placed_key, state, customer_id, email, name, language, link_sha256, currency,
       items_total, delivery_total, tax_total, total)
     SELECT CONCAT('P', ?, '-', id), UUID(), 'cancelled', ?, ?, 'Ana', 'es', UNHEX(SHA2(UUID(), 256)), 'USD', 0, 0, 0, 0
     FROM product ORDER BY id LIMIT 45`,
    [order.id, order.customer_id, email],
  );
  const numbers: string[] = [];
  let path: string | undefined = shopper.pathOf('orders');
  const sizes: number[] = [];
  await waitUntil(async () => (await shopper.get(path!)).text.includes('rel="next"'));
  while (path) {
    const { text } = await shopper.get(path);
    const found = [...text.matchAll(/class="order-number" href="[^"]+">([^<]+)/g)].map(
      ([, number]) => number!,
    );
    sizes.push(found.length);
    numbers.push(...found);
    path = /rel="next" href="([^"]+)"/.exec(text)?.[1];
  }
  expect(sizes).toEqual([20, 20, 6]);
  expect(new Set(numbers).size).toBe(46);
  expect(numbers.at(-1)).toBe(order.number);
  await root.query("DELETE FROM shop_order WHERE number LIKE CONCAT('P', ?, '-%')", [order.id]);
});

test('an account that is deleted leaves its orders without the person', async () => {
  const { shopper, email } = await newCustomer();
  const [open, sent] = [await place(shopper), await place(shopper)];
  await pay(sent.order);
  await putInCart(shopper, await addBook(root));
  const [customer] = await rowsOf(root, 'SELECT id FROM customer WHERE email = ?', [email]);
  const id = Number(customer!.id);
  await shopper.submit(shopper.pathOf('deleteAccount'), { current: 'tres tristes tigres' });
  await waitUntil(async () => (await stateOf(root, Number(open.order.id))) === 'cancelled');
  // The handler may be called again.
  await forgetCustomer(databases.catalogue, id);
  await change(databases, deleteForgottenData);
  const read = async ({ order }: Placed) => {
    const columns = 'customer_id, email, name, phone, address, total';
    const [row] = await rowsOf(root, `SELECT ${columns} FROM shop_order WHERE id = ?`, [order.id]);
    return row;
  };
  const nobody = { customer_id: null, email: '', name: '', phone: '', address: null };
  expect(await read(open)).toEqual({ ...nobody, total: Number(open.order.total) });
  // What is paid has to arrive first.
  expect(await read(sent)).toMatchObject({ email, name: 'Ana Núñez' });
  await ship(sent.order);
  await root.query("UPDATE shop_order SET state = 'completed' WHERE id = ?", [sent.order.id]);
  await change(databases, deleteForgottenData);
  expect(await read(sent)).toEqual({ ...nobody, total: Number(sent.order.total) });
  expect(await rowsOf(root, 'SELECT id FROM cart WHERE customer_id = ?', [id])).toEqual([]);
});

test('late money for an order of a deleted account is paid back: nobody knows where to send it', async () => {
  const { shopper } = await newCustomer();
  const book = await addBook(root);
  const { order } = await place(shopper, {}, book);
  const id = Number(order.id);
  await root.query(`UPDATE shop_order SET state = 'expired' WHERE id = ?`, [id]);
  await root.query(`UPDATE order_line SET held = 0 WHERE order_id = ?`, [id]);
  await root.query(`UPDATE payment SET state = 'expired' WHERE order_id = ?`, [id]);
  await root.query('UPDATE product SET exact_reserved = 0, reserved = 0 WHERE id = ?', [book.id]);
  await forgetCustomer(databases.catalogue, Number(order.customer_id));
  await change(databases, deleteForgottenData);
  expect(await pay(order)).toBe('refund_due');
  expect([await stateOf(root, id), (await stockOf(root, book.id)).exact]).toEqual(['expired', 0]);
});

test('the books are right', async () => {
  expect(await faultsOf(databases)).toEqual([]);
});
