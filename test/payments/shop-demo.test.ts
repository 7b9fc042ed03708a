import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  closeDatabases,
  createDatabases,
  waitForFirstReports,
  type Databases,
} from '../../src/database/databases.ts';
import type { Connection } from 'mysql2/promise';
import { startPayment } from '../../src/orders/provider-calls.ts';
import { allProviders } from '../../src/payments/all-providers.ts';
import { providerOf } from '../../src/payments/provider.ts';
import { returnPath } from '../../src/shop/payment-return.ts';
import { KEYS } from '../../tools/gateway-simulators/keys.ts';
import { addProduct, buy, rowsOf, stateOf } from '../orders/shop-support.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { decide } from './payment-system.ts';

let stack: Stack;
let root: Connection;
let databases: Databases;

beforeAll(async () => {
  stack = await Stack.start({ args: ['--shop-demo', '--web', '2'], env: { CURRENCY: 'EUR' } });
  root = await stack.data.connect('primary');
  const address = (name: string) => ({ host: '127.0.0.1', port: stack.data.process(name).port! });
  databases = createDatabases({
    PRIMARY: address('primary'),
    REPLICAS: [address('replica1')],
    GROUP: false,
    APP_PASSWORD: await stack.data.secret('APP_PASSWORD'),
    MONITOR_PASSWORD: await stack.data.secret('MONITOR_PASSWORD'),
  });
  await waitForFirstReports(databases);
});

afterAll(async () => {
  await root.end();
  await closeDatabases(databases);
  await stack.stopAndClean();
});

test('npm start -- --shop-demo takes simulated payments by each gateway of the currency', async () => {
  expect(stack.output).toContain(`${stack.url}/tienda, with simulated payments: no money moves`);
  const simulator = `http://127.0.0.1:${stack.port + 2}`;
  const providers = allProviders(
    { ...KEYS, REDSYS_BIZUM: true, PUBLIC_URL: stack.url, GATEWAY_SIMULATOR: simulator },
    returnPath,
  );
  for (const name of ['redsys', 'bizum', 'stripe', 'paypal']) {
    const product = await addProduct(root, { quantity: 1 });
    const provider = providerOf(providers, name);
    const order = await buy(databases, [{ product, quantity: 1 }], { provider, currency: 'EUR' });
    const [payment] = await rowsOf(root, 'SELECT id FROM payment WHERE order_id = ?', [order.id]);
    const start = await startPayment(databases.catalogue, providers, Number(payment!.id));
    // Through NGINX, back to any of the instances.
    const response = await fetch(await decide(start, 'pay'), { redirect: 'manual' });
    expect([name, response.status]).toEqual([name, 303]);
    await waitUntil(async () => (await stateOf(root, order.id)) === 'confirmed');
  }
});

test('a simulated gateway can be told to fail', async () => {
  const simulator = `http://127.0.0.1:${stack.port + 2}`;
  const tell = (behaviour: object) =>
    fetch(`${simulator}/behaviour/stripe`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(behaviour),
    });
  const response = await tell({ delayMs: 5, repeats: 2 });
  expect(await response.json()).toMatchObject({ delayMs: 5, repeats: 2, hangs: false });
  expect((await tell({ unknown: true })).status).toBe(400);
});

test('the simulators are not for a shop with keys of its own, nor for other machines', async () => {
  for (const { args = [], env, message } of [
    { env: { STRIPE_SECRET_KEY: 'sk_test_12345678' }, message: 'STRIPE_WEBHOOK_SECRET is not set' },
    {
      env: {
        ...{ STRIPE_SECRET_KEY: 'sk_test_12345678', STRIPE_WEBHOOK_SECRET: 'whsec_12345678' },
        PUBLIC_URL: 'http://tienda.example.com',
      },
      message: 'STRIPE_SECRET_KEY is set; with --shop-demo it must not be set',
    },
    { env: { HOST: '0.0.0.0' }, message: '--shop-demo is for the demonstration on this machine' },
    { args: ['--empty'], env: {}, message: '--shop-demo is for the demonstration on this machine' },
  ]) {
    const refused = await Stack.spawn({ args: ['--shop-demo', ...args], env });
    await waitUntil(() => refused.launcher.exitCode !== null);
    expect(refused.output).toContain(message);
    await refused.stopAndClean();
  }
});
