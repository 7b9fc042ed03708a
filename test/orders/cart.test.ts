import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { createCart, findCart, listCartLines, mergeCarts, setCartLine } from '../../src/orders/cart.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { change, refusalOf } from './shop-support.ts';

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

const newCart = () => change(databases, (trx) => createCart(trx));
const put = (cart: number, productId: number, quantity: number) =>
  change(databases, (trx) => setCartLine(trx, cart, { productId, quantity }));
const linesOf = (cart: number) => change(databases, (trx) => listCartLines(trx, cart));

test('a cart is found by its token, until it expires', async () => {
  const { id, token } = await newCart();
  const find = (wanted: string) => change(databases, (trx) => findCart(trx, wanted));
  expect(await find(token)).toEqual({ id, version: 1, customerId: null });
  expect(await find(`${token}x`)).toBeUndefined();
  await root.query('UPDATE cart SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?', [id]);
  expect(await find(token)).toBeUndefined();
});

test('each change of a cart has a version of its own', async () => {
  const { id } = await newCart();
  const versions = await Promise.all([1, 2, 3].map((product) => put(id, product, 1.5)));
  expect(versions.sort()).toEqual([2, 3, 4]);
  expect(await put(id, 2, 4)).toBe(5);
  expect(await put(id, 1, 0)).toBe(6);
  expect(await linesOf(id)).toEqual([
    { productId: 2, quantity: 4 },
    { productId: 3, quantity: 1.5 },
  ]);
});

test('a cart has a hundred products at most', async () => {
  const { id } = await newCart();
  for (let product = 1; product <= 100; product++) await put(id, product, 1);
  expect(await refusalOf(put(id, 101, 1))).toBe('cart_full');
  expect(await linesOf(id)).toHaveLength(100);
});

test('what a visitor has chosen is added to what is in the cart of their account', async () => {
  const [visitor, customer] = [await newCart(), await newCart()];
  await put(visitor.id, 1, 1);
  await put(visitor.id, 2, 0.5);
  await put(customer.id, 2, 2);
  const merge = () => change(databases, (trx) => mergeCarts(trx, { from: visitor.id, into: customer.id }));
  expect(await Promise.all([merge(), merge()])).toEqual(expect.arrayContaining([2, 0]));
  expect(await linesOf(visitor.id)).toEqual([]);
  expect(await linesOf(customer.id)).toEqual([
    { productId: 1, quantity: 1 },
    { productId: 2, quantity: 2.5 },
  ]);
});
