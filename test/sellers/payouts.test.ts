import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { shipParcel, takeBack } from '../../src/orders/parcels.ts';
import { makeRefund } from '../../src/orders/refunds.ts';
import { listDueLines, payOut, sumOf } from '../../src/sellers/payout-queries.ts';
import { cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { buy, change, faultsOf, refusalOf, rowsOf, STAFF } from '../orders/shop-support.ts';
import { act, ADDRESS, catchUp } from '../order-desk/desk-support.ts';
import { Client } from '../support/client.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { hiddenIn } from '../support/shopper.ts';
import {
  addSellerProduct,
  newSeller,
  parcelsOf,
  pay,
  sellOf,
  shipAs,
  tokenIn,
  type SellingCustomer,
  type SoldOrder,
} from './seller-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
});

afterAll(async () => {
  expect(await faultsOf(databases)).toEqual([]);
  await root.end();
  await closeDatabases(databases);
});

const dueOf = async (seller: SellingCustomer) =>
  databases.catalogue.transact(async (trx) => sumOf(await listDueLines(trx, seller.id)));

const PAID_ON = '2026-01-31';

const payAll = (seller: SellingCustomer, amount: number, reference = 'REF-1') =>
  refusalOf(
    change(databases, (trx) =>
      payOut(
        trx,
        { sellerId: seller.id, currency: 'USD', reference, paidOn: PAID_ON, amount },
        { kind: 'user', id: 1 },
      ),
    ),
  );

/** Three at 10.01, with a commission of 12.5 %, that have been sent. */
async function sent(): Promise<{ seller: SellingCustomer; order: SoldOrder; line: number }> {
  const seller = await newSeller(root, { rate: 1250 });
  const product = await addSellerProduct(root, seller, { price: 1001 });
  const order = await sellOf(databases, root, [{ product, quantity: 3 }]);
  expect(await dueOf(seller)).toBe(0);
  await shipAs(seller, order, order.parcels[0]!.id);
  return { seller, order, line: order.lines[0]! };
}

const takeBackOne = ({ order, line }: { order: SoldOrder; line: number }) =>
  change(databases, (trx) =>
    takeBack(trx, {
      ...{ orderId: order.id, lines: [{ orderLineId: line, quantity: 1 }], toStock: false, actor: STAFF },
    }),
  );

const refund = ({ order, line }: { order: SoldOrder; line: number }, amount: number) =>
  refusalOf(
    change(databases, (trx) => makeRefund(trx, { orderId: order.id, amount, lineId: line, actor: STAFF })),
  );

test('what was sent is due, less the commission, which is rounded half up once', async () => {
  const { seller } = await sent();
  // 30.03 less 3.75375.
  expect(await dueOf(seller)).toBe(3003 - 375);
  await catchUp();
  const { text } = await seller.shopper.open('payouts');
  expect(text).toContain('$26,28');
  expect(text).toContain('$30,03 menos $3,75 de comisión');
  // It is owed to the seller, who pays nothing.
  expect(text).toContain('Por cobrar');
  expect(text).not.toMatch(/por pagar/i);
});

test('a person notes a payout, which the seller sees; the same is not paid twice', async () => {
  const { seller } = await sent();
  await catchUp();
  expect((await admin.get('/sellers')).text).toContain('por pagar: $26,28');
  const page = await admin.get(`/sellers/${seller.id}`);
  const form = hiddenIn(
    page.text.slice(page.text.indexOf(`/sellers/${seller.id}/payouts`)).split('</form>')[0]!,
  );
  expect(form.amount).toBe('2628');
  const path = `/sellers/${seller.id}/payouts`;
  const typed = { ...form, reference: 'TRX 77', paidOn: PAID_ON };
  for (const [field, value] of [
    ['reference', ' '],
    ['paidOn', '2026-02-30'],
    ['paidOn', '2999-01-01'],
    ['paidOn', 'ayer'],
  ] as const) {
    const refused = await admin.post(path, { ...typed, [field]: value });
    expect([field, value, refused.status]).toEqual([field, value, 422]);
    expect(refused.text).toContain(`is-invalid" ${field === 'paidOn' ? 'type="date" ' : ''}id="${field}"`);
  }
  // The amount is not what the browser says.
  expect((await admin.post(path, { ...typed, amount: '9999' })).status).toBe(409);
  expect((await admin.post(path, typed)).status).toBe(303);
  // Sent again: the same form, and another one with what was due.
  expect((await admin.post(path, typed)).status).toBe(303);
  expect((await admin.post(path, { ...typed, _key: crypto.randomUUID() })).status).toBe(409);
  const payouts = await rowsOf(root, 'SELECT amount, reference FROM payout WHERE seller_id = ?', [seller.id]);
  expect(payouts).toEqual([{ amount: 2628, reference: 'TRX 77' }]);
  expect(await dueOf(seller)).toBe(0);
  await catchUp();
  const { text } = await seller.shopper.open('payouts');
  expect(text).toContain('TRX 77');
  expect(text).toContain('31 ene 2026');
});

test('two people who pay at the same time make one payout', async () => {
  const { seller } = await sent();
  const outcomes = await Promise.all([payAll(seller, 2628, 'A'), payAll(seller, 2628, 'B')]);
  expect(outcomes.sort()).toEqual(['done', 'payout_changed']);
});

test('a return before the payout reduces it; one after it is deducted from the next', async () => {
  const one = await sent();
  await takeBackOne(one);
  // 20.02 less 2.5025.
  expect(await dueOf(one.seller)).toBe(2002 - 250);
  expect(await payAll(one.seller, 1752)).toBe('done');
  await takeBackOne(one);
  // 10.01 less 1.25125, of which too much has been paid.
  expect(await dueOf(one.seller)).toBe(1001 - 125 - 1752);
  expect(await payAll(one.seller, -876)).toBe('payout_changed');
  await catchUp();
  expect((await admin.get(`/sellers/${one.seller.id}`)).text).toContain('se descuenta del pago siguiente');

  const product = await addSellerProduct(root, one.seller, { price: 10_000 });
  const next = await sellOf(databases, root, [{ product, quantity: 1 }]);
  await shipAs(one.seller, next, next.parcels[0]!.id);
  expect(await dueOf(one.seller)).toBe(8750 - 876);
  expect(await payAll(one.seller, 7874, 'REF-2')).toBe('done');
  const lines = await rowsOf(
    root,
    `SELECT payout_line.amount FROM payout_line JOIN payout ON payout.id = payout_id
     WHERE seller_id = ? ORDER BY payout_id, order_line_id`,
    [one.seller.id],
  );
  expect(lines.map(({ amount }) => Number(amount))).toEqual([1752, -876, 8750]);
});

test('a refund that names the line reduces it, and a returned unit that is refunded counts once', async () => {
  const one = await sent();
  expect(await refund(one, 1001)).toBe('done');
  expect(await dueOf(one.seller)).toBe(2002 - 250);
  await takeBackOne(one);
  expect(await dueOf(one.seller)).toBe(2002 - 250);
  // Some money besides, without goods.
  expect(await refund(one, 500)).toBe('done');
  expect(await dueOf(one.seller)).toBe(1502 - 188);
  expect(await refund(one, 1503)).toBe('not_of_line');
  expect(await refund(one, 1502)).toBe('done');
  expect(await dueOf(one.seller)).toBe(0);
});

test('a refund that the shop bears leaves the payout alone; no other line is charged', async () => {
  const { seller, order, line } = await sent();
  const other = await sent();
  await act(admin, order.number, '/refunds', { amount: '5', note: 'Gesto' });
  expect(await dueOf(seller)).toBe(2628);
  const foreign = await act(admin, order.number, '/refunds', { amount: '5', line: String(other.line) });
  expect([foreign.status, foreign.text.includes('El importe es más')]).toEqual([422, true]);
  expect(await dueOf(other.seller)).toBe(2628);
  expect((await act(admin, order.number, '/refunds', { amount: '5', line: String(line) })).status).toBe(303);
  // 25.03 less 3.12875.
  expect(await dueOf(seller)).toBe(2503 - 313);
});

test('what staff cancel of an order is neither due nor to be sent; what another seller has sent is', async () => {
  const [one, other] = [await newSeller(root), await newSeller(root)];
  const [first, second] = [await addSellerProduct(root, one), await addSellerProduct(root, other)];
  const order = await sellOf(databases, root, [
    { product: first, quantity: 1 },
    { product: second, quantity: 2 },
  ]);
  const parcelOf = (seller: SellingCustomer) =>
    order.parcels.find((parcel) => parcel.seller === seller.id)!.id;
  await shipAs(one, order, parcelOf(one));
  const due = await dueOf(one);
  expect(due).toBeGreaterThan(0);
  await catchUp();
  expect((await act(admin, order.number, `${order.number}/cancel`, { note: 'Sin existencias' })).status).toBe(
    303,
  );
  expect([await dueOf(one), await dueOf(other)]).toEqual([due, 0]);
  const lines = await rowsOf(root, 'SELECT held, cancelled FROM order_line WHERE order_id = ? ORDER BY id', [
    order.id,
  ]);
  expect(lines.map((line) => [Number(line.held), Number(line.cancelled)])).toEqual([
    [0, 0],
    [0, 2],
  ]);
  await catchUp();
  const { text } = await other.shopper.open('sellOrder', { number: order.number });
  expect(text).toContain('cancelado: 2');
  expect(text).not.toContain('Enviar a');
  const ship = other.shopper.pathOf('shipSellOrder', { number: order.number, id: String(parcelOf(other)) });
  expect((await other.shopper.post(ship, { _csrf: await tokenIn(other.shopper) })).status).toBe(409);
  // The shop has paid it back already, so that nothing of it can be charged to the seller.
  expect(await refund({ order, line: order.lines[1]! }, 1)).toBe('not_of_line');
});

test('what is paid at the door is due once its money has come', async () => {
  const seller = await newSeller(root, { rate: 1000 });
  const product = await addSellerProduct(root, seller, { price: 1000 });
  const { id } = await buy(databases, [{ product, quantity: 1 }], {
    provider: cashOnDelivery,
    address: ADDRESS,
  });
  const [parcel] = await parcelsOf(root, id);
  await change(databases, (trx) =>
    shipParcel(trx, { id: parcel!.id, carrier: '', trackingNumber: '', actor: STAFF }),
  );
  expect(await dueOf(seller)).toBe(0);
  await pay(databases, root, id);
  expect(await dueOf(seller)).toBe(900);
});

test('nothing of an order that is only paid, or of the shop itself, is due', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  await sellOf(databases, root, [{ product, quantity: 1 }]);
  expect(await dueOf(seller)).toBe(0);
  const [own] = await rowsOf(
    root,
    'SELECT COUNT(*) AS found FROM order_line WHERE seller_id IS NULL AND (kept <> 0 OR earned <> 0 OR due_seller IS NOT NULL)',
  );
  expect(own).toEqual({ found: 0 });
});
