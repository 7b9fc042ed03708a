import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { deliveryPrice, quotesFor, type DeliveryMethod } from '../../src/delivery/delivery.ts';
import { rowsOf } from '../orders/shop-support.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { Shopper, unescaped, uniqueEmail } from '../support/shopper.ts';
import { addBook, delivered, orderOf, press, putInCart, TO_QUITO } from './checkout-support.ts';

let root: Connection;
let client: Client;

beforeAll(async () => {
  root = await stack.connect('primary');
  client = await Client.signedIn();
});

afterAll(() => root.end());

const method: DeliveryMethod = {
  ...{ id: 1, name: 'Moto', carrier: 'Moto', trackingUrl: '', daysFrom: 1, daysTo: 2, takesCash: false },
  freeFrom: 10_000,
  rates: [
    { maxWeight: null, minAmount: 0, price: 900 },
    { maxWeight: 1000, minAmount: 0, price: 300 },
    { maxWeight: 5000, minAmount: 0, price: 500 },
    { maxWeight: 2000, minAmount: 5000, price: 200 },
  ],
};

test.each([
  ['the smallest weight that covers it', 1000, 100, 300],
  ['the next one', 1001, 100, 500],
  ['any weight', 5001, 100, 900],
  ['the largest amount that is reached', 1500, 5000, 200],
  ['that of another amount, for more weight', 2001, 5000, 500],
  ['nothing from an amount on', 2001, 10_000, 0],
])('a delivery costs: %s', (_rule, weight, amount, price) => {
  expect(deliveryPrice(method, { weight, amount })).toBe(price);
});

test('without a rate there is no delivery, not even a free one', () => {
  const light = { ...method, rates: method.rates.slice(1) };
  expect(deliveryPrice(light, { weight: 5001, amount: 20_000 })).toBeUndefined();
  expect(quotesFor([method, light], { weight: 6000, amount: 100 }, 1200)).toEqual([
    { method, price: 900, tax: 96 },
  ]);
});

async function idOf(table: string, name: string): Promise<number> {
  const [row] = await rowsOf(root, `SELECT id FROM ${table} WHERE name = ?`, [name]);
  return Number(row!.id);
}

const METHOD = {
  ...{ name: 'Lancha', carrier: 'Lancha', trackingUrl: 'https://lancha.example/{number}', isOffered: '1' },
  ...{ daysFrom: '2', daysTo: '5', freeFrom: '', maxWeight0: '1 kg', minAmount0: '', price0: '7,50' },
  ...{ maxWeight1: '', minAmount1: '', price1: '20' },
};

test('an administrator sets zones and methods, which the shop offers to their places', async () => {
  const name = `Islas ${uniqueCode()}`;
  const zone = { name, country0: 'EC', regions0: 'Galápagos, Isla de prueba', country1: '', regions1: '' };
  expect((await client.post('/delivery/zones', zone)).status).toBe(303);
  const id = await idOf('delivery_zone', name);
  const added = await client.post(`/delivery/zones/${id}/methods`, METHOD);
  expect([added.status, added.headers.location]).toEqual([303, '/delivery']);
  await replicaHasAll(stack);
  expect(unescaped((await client.get('/delivery')).text)).toContain('Ecuador (Galápagos, Isla de prueba)');

  const shopper = new Shopper();
  await putInCart(shopper, await addBook(root, { weight: 600 }), '2');
  const { page, fields } = await delivered(shopper, {
    ...TO_QUITO,
    email: uniqueEmail(),
    region: 'GALAPAGOS',
  });
  expect([...page.ways.values()]).toEqual(['Lancha', 'Recoger en la tienda']);
  expect(page.text).toContain('De 2 a 5 días hábiles');
  const placed = await press(shopper, page, { ...fields, payment: 'bank_transfer' });
  const order = await orderOf(root, placed.headers.location!);
  expect(order).toMatchObject({ delivery_total: 2000, delivery: { carrier: 'Lancha', weight: 1200 } });

  const own = await idOf('delivery_method', 'Lancha');
  const form = await client.get(`/delivery/methods/${own}/edit`);
  expect(unescaped(form.text)).toContain('value="1000 g"');
  const version = /name="version" value="(\d+)"/.exec(form.text)![1]!;
  const renamed = { ...METHOD, name: 'Lancha rápida', version };
  expect((await client.post(`/delivery/methods/${own}`, renamed)).status).toBe(303);
  expect((await client.post(`/delivery/methods/${own}`, { ...renamed, carrier: 'Otra' })).status).toBe(409);
  expect((await client.post(`/delivery/methods/${own}/delete`)).status).toBe(303);
  expect((await client.post(`/delivery/zones/${id}/delete`)).status).toBe(303);
  // The order keeps the method as it was.
  const [kept] = await rowsOf(root, 'SELECT delivery FROM shop_order WHERE id = ?', [order.id]);
  expect(kept!.delivery).toMatchObject({ name: 'Lancha', trackingUrl: 'https://lancha.example/{number}' });
});

test.each<[Record<string, string>, string]>([
  [{ name: '' }, 'Escriba un nombre.'],
  [{ carrier: '' }, 'Escriba el transportista.'],
  [{ trackingUrl: 'http://lancha.example/{number}' }, 'Escriba una dirección con https:// y con {number}.'],
  [{ trackingUrl: 'https://lancha.example/' }, 'Escriba una dirección con https:// y con {number}.'],
  [{ daysFrom: 'x' }, 'Escriba días enteros, de 0 a 365.'],
  [{ daysFrom: '6' }, '«Hasta» no puede ser menos que «desde».'],
  [{ freeFrom: 'mucho' }, 'Escriba un importe'],
  [{ price1: '-1' }, 'Escriba un importe'],
  [{ maxWeight0: 'x' }, 'Escriba'],
  [{ price0: '' }, 'Escriba el precio de esta fila.'],
  [{ maxWeight0: '', price0: '', price1: '' }, 'Escriba al menos un precio.'],
  [{ name: 'Servientrega a domicilio' }, 'Ya hay otra con este nombre.'],
])('a method that cannot be is refused beside the field: %j', async (wrong, message) => {
  const zone = await idOf('delivery_zone', 'Ecuador');
  const refused = await client.post(`/delivery/zones/${zone}/methods`, { ...METHOD, ...wrong });
  expect(refused.status).toBe(422);
  expect(unescaped(refused.text)).toContain(message);
  expect(refused.text).toContain('value="7,50"'.replace('7,50', wrong.price0 ?? '7,50'));
  expect(await rowsOf(root, "SELECT 1 FROM delivery_method WHERE carrier = 'Lancha'")).toEqual([]);
});

test('a place is in one zone', async () => {
  const name = `Otra ${uniqueCode()}`;
  for (const [areas, message] of [
    [{ country0: 'EC', regions0: 'pichincha' }, '«pichincha» ya está en otra zona, o dos veces en esta.'],
    [{ country0: 'PE', regions0: 'Lima, lima' }, '«lima» ya está en otra zona, o dos veces en esta.'],
    [{ country0: '*', regions0: 'Lima' }, '«Todos los demás países» no tiene regiones.'],
    [{ country0: '', regions0: '' }, 'Elija al menos un país.'],
  ] as [Record<string, string>, string][]) {
    const refused = await client.post('/delivery/zones', { name, ...areas });
    expect([message, refused.status]).toEqual([message, 422]);
    expect(unescaped(refused.text)).toContain(message);
  }
  expect(await rowsOf(root, 'SELECT 1 FROM delivery_zone WHERE name = ?', [name])).toEqual([]);
});

test('what is empty in the settings is not offered', async () => {
  const settings = async (): Promise<Record<string, string>> => {
    await replicaHasAll(stack);
    const { text } = await client.get('/delivery');
    const area = (name: string) => unescaped(new RegExp(`name="${name}"[^>]*>([^<]*)<`).exec(text)![1]!);
    const [, version] = /name="version" value="(\d+)"/.exec(text)!;
    return { transferText: area('transferText'), pickUpText: area('pickUpText'), version: version! };
  };
  const before = await settings();
  const rest = { defaultWeight: '500 g', deliveryTaxRate: '0' };
  const saved = await client.post('/delivery/settings', {
    ...before,
    ...rest,
    transferText: '',
    pickUpText: '',
  });
  expect(saved.status).toBe(303);
  try {
    const shopper = new Shopper();
    await putInCart(shopper, await addBook(root));
    const { page } = await delivered(shopper, { ...TO_QUITO, email: uniqueEmail() });
    expect([...page.ways.values()]).toEqual(['Servientrega a domicilio']);
    expect(page.payments).toEqual(['cash_on_delivery']);
  } finally {
    const { version } = await settings();
    await client.post('/delivery/settings', { ...before, ...rest, version: version! });
  }
  expect((await client.post('/delivery/settings', { ...before, ...rest })).status).toBe(409);
});

test('staff other than administrators do not set the delivery', async () => {
  const { client: clerk } = await createPerson(client, 'clerk');
  expect((await clerk.get('/delivery')).status).toBe(403);
  expect((await clerk.post('/delivery/zones', { name: 'x', country0: 'PE' })).status).toBe(403);
});
