import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { createApp } from '../../src/app.ts';
import { closeDatabases, createDatabases, type Databases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { bankTransfer, OFFLINE_PROVIDERS } from '../../src/payments/offline-providers.ts';
import { providersOf, type PaymentProvider, type Start } from '../../src/payments/provider.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { paymentsOf, stockOf } from '../orders/shop-support.ts';
import { stack } from '../support/shared-stack.ts';
import { Shopper, uniqueEmail } from '../support/shopper.ts';
import { webConfig } from '../support/web-config.ts';
import { addBook, delivered, orderOf, press, putInCart, TO_QUITO } from './checkout-support.ts';

let root: Connection;
let databases: Databases;
let server: Server;
let url: string;
let answer: () => Promise<Start>;
let starts = 0;

/** As a gateway is: it may lead on, or fail. */
const stripe: PaymentProvider = {
  ...bankTransfer,
  name: 'stripe',
  isOnline: true,
  holdSeconds: 1800,
  start: () => {
    starts++;
    return answer();
  },
};

beforeAll(async () => {
  const config = await webConfig();
  root = await stack.connect('primary');
  databases = createDatabases(config);
  const logger = createLogger(config);
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  const draining = new AbortController().signal;
  const providers = providersOf(...OFFLINE_PROVIDERS, stripe);
  const app = await createApp({ config, databases, logger, heartbeat, jobs, draining, providers });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  // The shared system does not know this gateway.
  await root.query("DELETE FROM outbox WHERE kind = 'cancel-payment'");
  await root.end();
  await closeDatabases(databases);
});

async function order(shopper: Shopper, book: { id: number }) {
  await putInCart(shopper, book);
  const { page, fields } = await delivered(shopper, { ...TO_QUITO, email: uniqueEmail() });
  const press1 = () => press(shopper, page, { ...fields, payment: 'stripe' });
  return { press: press1, email: fields.email };
}

async function orderBy(email: string) {
  const [[row]] = await root.query<RowDataPacket[]>('SELECT * FROM shop_order WHERE email = ?', [email]);
  return row as { id: number; number: string; state: string };
}

test('a gateway that is a page of its own is opened by the next page', async () => {
  answer = () =>
    Promise.resolve({ kind: 'redirect', url: 'https://pay.example/s?a=1&b=2', reference: 'cs_1' });
  const shopper = new Shopper({ url });
  const { press: send, email } = await order(shopper, await addBook(root));
  const placed = await send();
  expect(placed.status).toBe(200);
  expect(placed.text).toContain(
    '<meta http-equiv="refresh" content="0;url=https://pay.example/s?a=1&amp;b=2">',
  );
  expect(placed.text).toContain('href="https://pay.example/s?a=1&amp;b=2"');
  const { id } = await orderBy(email!);
  expect(await paymentsOf(root, id)).toMatchObject([{ state: 'pending' }]);
  // The form again is the same attempt again.
  await send();
  expect(await paymentsOf(root, id)).toHaveLength(1);
});

test('a gateway that takes a form gets it from the next page, which alone may send it there', async () => {
  const fields = { Ds_SignatureVersion: 'HMAC_SHA512_V2', Ds_MerchantParameters: 'e30="<' };
  answer = () => Promise.resolve({ kind: 'form', url: 'https://sis.example/pay', fields, reference: null });
  const shopper = new Shopper({ url });
  const { press: send } = await order(shopper, await addBook(root));
  const { text, headers } = await send();
  expect(text).toContain('<form id="leave" method="post" action="https://sis.example/pay">');
  expect(text).toContain('name="Ds_MerchantParameters" value="e30=&#34;&lt;"');
  expect(headers['content-security-policy']).toContain("form-action 'self' https://sis.example;");
  const nonce = /<script nonce="([^"]+)">document/.exec(text)![1]!;
  expect(headers['content-security-policy']).toContain(`'nonce-${nonce}'`);
  const cart = await shopper.open('cart');
  expect(cart.headers['content-security-policy']).toContain("form-action 'self';");
});

test('an order whose payment cannot be begun waits, and its own hold does not stand in the way of the next try', async () => {
  const book = await addBook(root, { quantity: 1 });
  answer = () => Promise.reject(new Error('away'));
  const shopper = new Shopper({ url });
  const { press: send, email } = await order(shopper, book);
  const placed = await send();
  expect(placed.headers.location).toContain('payment=failed');
  const path = placed.headers.location!;
  const { text } = await shopper.get(path);
  expect(text).toContain('El pago no se pudo iniciar.');
  expect(await orderOf(root, path)).toMatchObject({ state: 'awaiting_payment', email });
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 1 });

  answer = () => Promise.resolve({ kind: 'redirect', url: 'https://pay.example/2', reference: 'cs_2' });
  const again = await shopper.submit(path, { method: 'stripe' }, 'pagar');
  expect(again.text).toContain('https://pay.example/2');
  const { id } = await orderBy(email!);
  const states = (await paymentsOf(root, id)).map(({ state }) => String(state));
  expect(states).toEqual(['cancelled', 'pending']);
  // Also by another method.
  const transfer = await shopper.submit(path, { method: 'bank_transfer' }, 'pagar');
  expect(transfer.status).toBe(303);
  expect((await shopper.get(transfer.headers.location!)).text).toContain('Banco de la Demostración');
  expect(await stockOf(root, book.id)).toMatchObject({ exact: 1 });
  expect(starts).toBeGreaterThan(3);
});
