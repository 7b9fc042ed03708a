import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createHash, createHmac, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { signRedsys } from '../../src/payments/redsys-signatures.ts';
import { KEYS } from '../../tools/gateway-simulators/keys.ts';
import type { Message } from '../../tools/gateway-simulators/messenger.ts';
import { faultsOf, rowsOf } from '../orders/shop-support.ts';
import { decide, METHODS, PaymentSystem, TOTAL, type Bought, type Method } from './payment-system.ts';

let system: PaymentSystem;
/** Bought by someone who does not pay. */
let victims: Map<string, Bought>;

beforeAll(async () => {
  system = await PaymentSystem.open();
  victims = new Map();
  for (const method of METHODS) {
    const victim = await system.buy(method);
    await system.start(victim);
    victims.set(method.name, victim);
  }
});

afterAll(async () => {
  expect(await faultsOf(system.databases)).toEqual([]);
  await system.close();
});

afterEach(() => {
  for (const { gateway } of METHODS) system.simulators.behave(gateway, {});
});

const methodOf = (name: string) => METHODS.find((method) => method.name === name)!;

/** A genuine message of a payment, which has not come yet. */
async function genuine(method: Method): Promise<{ order: Bought; message: Message }> {
  system.simulators.behave(method.gateway, { drops: true });
  const order = await system.buy(method);
  await decide(await system.start(order), 'pay');
  return { order, message: system.simulators.messenger(method.gateway).sent.at(-1)! };
}

async function send({ url, headers, body }: Message): Promise<number> {
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

interface Attempt {
  key: string;
  reference: string | null;
}

async function attemptOf({ paymentId }: Bought): Promise<Attempt> {
  const [row] = await rowsOf(
    system.root,
    'SELECT attempt_key AS `key`, provider_reference AS reference FROM payment WHERE id = ?',
    [paymentId],
  );
  return row as Attempt & typeof row;
}

type Change = (message: Message, victim: Attempt, own: Attempt) => Message;

const withBody = (message: Message, from: string | RegExp, to: string): Message => {
  const body = message.body.replaceAll(from, to);
  if (body === message.body) throw new Error(`${String(from)} is not in ${body}`);
  return { ...message, body };
};
const without = (message: Message, ...names: string[]): Message => ({
  ...message,
  headers: Object.fromEntries(Object.entries(message.headers).filter(([name]) => !names.includes(name))),
});

interface WompiBody {
  timestamp: number;
  signature: { properties?: string[]; checksum?: string };
  data: { transaction: { id: string; status: string; amount_in_cents: number; reference: string } };
}

const wompiBody = (message: Message, change: (body: WompiBody) => void): Message => {
  const body = JSON.parse(message.body) as WompiBody;
  change(body);
  return { ...message, body: JSON.stringify(body) };
};

const redsysBody = (
  message: Message,
  change: (parameters: Record<string, string>) => void,
  key?: string,
): Message => {
  const fields = new URLSearchParams(message.body);
  const parameters = JSON.parse(
    Buffer.from(fields.get('Ds_MerchantParameters')!, 'base64url').toString(),
  ) as Record<string, string>;
  change(parameters);
  const data = Buffer.from(JSON.stringify(parameters)).toString('base64url');
  fields.set('Ds_MerchantParameters', data);
  const order = parameters.Ds_Order!;
  if (key) fields.set('Ds_Signature', signRedsys(data, { version: 'HMAC_SHA512_V2', key, order }));
  return { ...message, body: fields.toString() };
};

const stripeSigned = (message: Message, { key = 'whsec_other', age = 0 } = {}): Message => {
  const time = Math.floor(Date.now() / 1000) - age;
  const signature = createHmac('sha256', key).update(`${time}.${message.body}`).digest('hex');
  return { ...message, headers: { ...message.headers, 'stripe-signature': `t=${time},v1=${signature}` } };
};

const { privateKey: strangersKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const paypalSigned = (message: Message): Message => {
  const { 'paypal-transmission-id': id, 'paypal-transmission-time': time } = message.headers;
  const text = `${id}|${time}|${KEYS.PAYPAL_WEBHOOK_ID}|${crc32(message.body)}`;
  const signature = createSign('RSA-SHA256').update(text).sign(strangersKey, 'base64');
  return { ...message, headers: { ...message.headers, 'paypal-transmission-sig': signature } };
};

const withHeader = (message: Message, name: string, value: string): Message => ({
  ...message,
  headers: { ...message.headers, [name]: value },
});

const REDSYS: [string, Change][] = [
  ['without a signature', (message) => withBody(message, /&Ds_Signature=[^&]*/g, '')],
  ['an empty signature', (message) => withBody(message, /&Ds_Signature=[^&]*/g, '&Ds_Signature=')],
  ['signed with another key', (message) => redsysBody(message, () => undefined, 'A'.repeat(32))],
  ['another amount', (message) => redsysBody(message, (found) => (found.Ds_Amount = '1'))],
  ['another currency', (message) => redsysBody(message, (found) => (found.Ds_Currency = '840'))],
  [
    'another order',
    (message, victim) =>
      redsysBody(message, (found) => {
        found.Ds_Order = victim.reference!;
        found.Ds_MerchantData = victim.key;
      }),
  ],
  [
    "another shop's",
    (message) =>
      redsysBody(message, (found) => (found.Ds_MerchantCode = '999008881'), KEYS.REDSYS_SECRET_KEY),
  ],
  ['an unknown kind of signature', (message) => withBody(message, 'HMAC_SHA512_V2', 'NONE')],
];

const FORGERIES: [string, [string, Change][]][] = [
  [
    'wompi',
    [
      ['without a signature', (message) => wompiBody(message, (body) => (body.signature = {}))],
      [
        'signed over nothing',
        (message) =>
          wompiBody(message, (body) => {
            const checksum = createHash('sha256').update(String(body.timestamp)).digest('hex');
            body.signature = { properties: [], checksum };
          }),
      ],
      [
        'signed with another key',
        (message) =>
          wompiBody(message, (body) => {
            const { id, status, amount_in_cents } = body.data.transaction;
            const text = `${id}${status}${amount_in_cents}${body.timestamp}test_events_other`;
            body.signature.checksum = createHash('sha256').update(text).digest('hex');
          }),
      ],
      [
        'another amount',
        (message) => wompiBody(message, (body) => (body.data.transaction.amount_in_cents = 100)),
      ],
      ['another state', (message) => withBody(message, 'APPROVED', 'VOIDED')],
      ['another time', (message) => wompiBody(message, (body) => (body.timestamp += 1))],
    ],
  ],
  ['redsys', REDSYS],
  ['bizum', REDSYS],
  [
    'stripe',
    [
      ['without a signature', (message) => without(message, 'stripe-signature')],
      ['signed with another key', (message) => stripeSigned(message)],
      ['signed long ago', (message) => stripeSigned(message, { key: KEYS.STRIPE_WEBHOOK_SECRET, age: 600 })],
      ['another amount', (message) => withBody(message, `"amount_total":${TOTAL}`, '"amount_total":1')],
      ['another currency', (message) => withBody(message, '"currency":"usd"', '"currency":"cop"')],
      ['another order', (message, victim, own) => withBody(message, own.key, victim.key)],
      [
        'of live payments',
        (message) =>
          stripeSigned(withBody(message, '"livemode":false', '"livemode":true'), {
            key: KEYS.STRIPE_WEBHOOK_SECRET,
          }),
      ],
    ],
  ],
  [
    'paypal',
    [
      ['without a signature', (message) => without(message, 'paypal-transmission-sig')],
      ['signed with another key', (message) => paypalSigned(message)],
      ['another amount', (message) => withBody(message, '"value":"15.00"', '"value":"0.01"')],
      ['another currency', (message) => withBody(message, '"currency_code":"USD"', '"currency_code":"MXN"')],
      ['another order', (message, victim, own) => withBody(message, own.reference!, victim.reference!)],
      ['another transmission', (message) => withHeader(message, 'paypal-transmission-id', randomUUID())],
      ['another algorithm', (message) => withHeader(message, 'paypal-auth-algo', 'none')],
      [
        'a certificate from elsewhere',
        (message) => withHeader(message, 'paypal-cert-url', 'https://example.com/v1/notifications/certs/C'),
      ],
      [
        'a certificate of another page of PayPal',
        (message) =>
          withHeader(message, 'paypal-cert-url', `${system.simulators.url}/v1/notifications/certs/../../x`),
      ],
    ],
  ],
];

const CASES = FORGERIES.flatMap(([name, changes]) => changes.map(([how, change]) => ({ name, how, change })));

test.each(CASES)('$name: a message with $how is refused and changes nothing', async ({ name, change }) => {
  const method = methodOf(name);
  const { order, message } = await genuine(method);
  const victim = victims.get(name)!;
  const forged = change(message, await attemptOf(victim), await attemptOf(order));
  expect(await send(forged)).toBe(400);
  expect(await system.states(order)).toEqual(['awaiting_payment', 'pending']);
  expect(await system.states(victim)).toEqual(['awaiting_payment', 'pending']);
  // And the genuine one is taken.
  expect(await send(message)).toBe(200);
});

test('what Wompi does not sign is of no use: it is asked', async () => {
  const { order, message } = await genuine(methodOf('wompi'));
  const victim = victims.get('wompi')!;
  const [own, other] = [await attemptOf(order), await attemptOf(victim)];
  expect(await send(withBody(message, own.key, other.key))).toBe(200);
  expect(await system.states(victim)).toEqual(['awaiting_payment', 'pending']);
  const second = await genuine(methodOf('wompi'));
  expect(await send(withBody(second.message, '"currency":"COP"', '"currency":"USD"'))).toBe(200);
  const [payment] = await rowsOf(system.root, 'SELECT captured_amount, currency FROM payment WHERE id = ?', [
    second.order.paymentId,
  ]);
  expect(payment).toEqual({ captured_amount: TOTAL, currency: 'COP' });
});

test('a genuine message of less money, or of another currency, confirms nothing', async () => {
  const redsys = await genuine(methodOf('redsys'));
  const signed = (change: (found: Record<string, string>) => void) =>
    redsysBody(redsys.message, change, KEYS.REDSYS_SECRET_KEY);
  expect(await send(signed((found) => (found.Ds_Amount = '1499')))).toBe(200);
  const other = await genuine(methodOf('stripe'));
  const cheaper = withBody(other.message, '"currency":"usd"', '"currency":"mxn"');
  expect(await send(stripeSigned(cheaper, { key: KEYS.STRIPE_WEBHOOK_SECRET }))).toBe(200);
  for (const { order } of [redsys, other])
    expect(await system.states(order)).toEqual(['awaiting_payment', 'pending']);
  const notes = await rowsOf(
    system.root,
    'SELECT note FROM order_event WHERE order_id IN (?, ?) AND note IS NOT NULL ORDER BY id',
    [redsys.order.id, other.order.id],
  );
  expect(notes.map(({ note }) => String(note))).toEqual([
    'mismatch: 1499 EUR for 1500 EUR',
    'mismatch: 1500 MXN for 1500 USD',
  ]);
});

test('a message of an attempt that is not known is not taken, so that it is sent again', async () => {
  const redsys = await genuine(methodOf('redsys'));
  const stripe = await genuine(methodOf('stripe'));
  const own = await attemptOf(stripe.order);
  const unknown = withBody(stripe.message, own.key, randomUUID());
  const key = { key: KEYS.STRIPE_WEBHOOK_SECRET };
  expect(await send(stripeSigned(unknown, key))).toBe(404);
  expect(await send(stripeSigned(withBody(stripe.message, own.key, 'pedido Ñ'), key))).toBe(404);
  const lost = redsysBody(
    redsys.message,
    (found) => {
      found.Ds_Order = '0000LOST';
      found.Ds_MerchantData = '';
    },
    KEYS.REDSYS_SECRET_KEY,
  );
  expect(await send(lost)).toBe(404);
  // The message of one method at the address of another.
  expect(await send({ ...redsys.message, url: redsys.message.url.replace('redsys', 'bizum') })).toBe(404);
});

test('whoever forges messages of PayPal does not make us fetch a certificate for each', async () => {
  const { order, message } = await genuine(methodOf('paypal'));
  const statuses: number[] = [];
  for (let i = 0; i < 15; i++) {
    const certificate = `${system.simulators.url}/v1/notifications/certs/CERT-${i}`;
    statuses.push(await send(withHeader(message, 'paypal-cert-url', certificate)));
  }
  expect(statuses.slice(0, 5)).toEqual([400, 400, 400, 400, 400]);
  expect(statuses.slice(10)).toEqual([503, 503, 503, 503, 503]);
  // That of the genuine ones is known.
  expect(await send(message)).toBe(200);
  expect(await system.states(order)).toEqual(['confirmed', 'captured']);
});

test('messages about other things are taken, and of no consequence', async () => {
  const { order, message } = await genuine(methodOf('stripe'));
  const other = withBody(message, 'checkout.session.completed', 'customer.created');
  expect(await send(stripeSigned(other, { key: KEYS.STRIPE_WEBHOOK_SECRET }))).toBe(200);
  expect(await system.states(order)).toEqual(['awaiting_payment', 'pending']);
});

test('only gateways have an address for messages, and bad ones get an answer', async () => {
  const url = (provider: string) => `${system.url}/webhooks/payments/${provider}`;
  const post = (provider: string, body: string) => send({ url: url(provider), headers: {}, body });
  for (const name of ['bank_transfer', 'cash_on_delivery', 'none', '__proto__'])
    expect([name, await post(name, '{}')]).toEqual([name, 404]);
  for (const { name } of METHODS)
    for (const body of ['', '{', 'null', '[]', '{"signature":{"properties":["__proto__"]}}', 'a=b&c=d', '\0'])
      expect([name, body, await post(name, body)]).toEqual([name, body, 400]);
});
