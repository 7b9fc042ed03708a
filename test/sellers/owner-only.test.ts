import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import type { ShopPage } from '../../src/shop/shop-paths.ts';
import { rowsOf, stockOf, type ShopProduct } from '../orders/shop-support.ts';
import { catchUp } from '../order-desk/desk-support.ts';
import { newCustomer } from '../support/kept-mail.ts';
import { openDatabases } from '../support/open-databases.ts';
import { jpeg } from '../support/photo-files.ts';
import { stack } from '../support/shared-stack.ts';
import { Shopper } from '../support/shopper.ts';
import {
  aCategory,
  addSellerProduct,
  BOOK,
  newSeller,
  sellOf,
  tokenIn,
  type SellingCustomer,
  type SoldOrder,
} from './seller-support.ts';

let root: Connection;
let databases: Databases;
let owner: SellingCustomer;
let product: ShopProduct;
let order: SoldOrder;
let photo: string;
let category: string;
const others: Record<string, Shopper> = {};

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  category = await aCategory(root);
  owner = await newSeller(root);
  product = await addSellerProduct(root, owner, { price: 2000 });
  order = await sellOf(databases, root, [{ product, quantity: 2 }]);
  const { content, name } = await jpeg('suya.jpg', { background: '#0a0b0c' });
  const token = await tokenIn(owner.shopper);
  await owner.shopper.agent
    .post(owner.shopper.pathOf('sellPhotos', { id: String(product.id) }))
    .field('_csrf', token)
    .attach('photos', content, name);
  const [shown] = await rowsOf(
    root,
    'SELECT LOWER(HEX(photo)) AS photo FROM product_photo WHERE product_id = ?',
    [product.id],
  );
  photo = String(shown!.photo);
  const another = await newSeller(root);
  // They have something of their own, so that their pages are not simply empty.
  await addSellerProduct(root, another);
  others['another seller'] = another.shopper;
  others['a customer'] = (await newCustomer()).shopper;
  others['one who has asked'] = (await newSeller(root, { state: 'asked' })).shopper;
  others['one who is refused'] = (await newSeller(root, { state: 'refused' })).shopper;
  others.visitor = new Shopper();
  await catchUp();
});

afterAll(async () => {
  await root.end();
  await closeDatabases(databases);
});

interface Attempt {
  page: ShopPage;
  params?: () => Record<string, string>;
  fields?: () => Record<string, string>;
  /** What another seller gets: their own, or nothing. */
  ofSellers: 'own' | 'nothing';
}

const ofProduct = () => ({ id: String(product.id) });
const ofOrder = () => ({ number: order.number });

const READS: Attempt[] = [
  { page: 'sellProducts', ofSellers: 'own' },
  { page: 'newSellProduct', ofSellers: 'own' },
  { page: 'sellOrders', ofSellers: 'own' },
  { page: 'payouts', ofSellers: 'own' },
  { page: 'sellProduct', params: ofProduct, ofSellers: 'nothing' },
  { page: 'sellOrder', params: ofOrder, ofSellers: 'nothing' },
  { page: 'sellPhotoFile', params: () => ({ file: `${photo}-640.webp` }), ofSellers: 'nothing' },
];

const WRITES: Attempt[] = [
  { page: 'sellProduct', params: ofProduct, fields: () => edited(), ofSellers: 'nothing' },
  {
    ...{ page: 'sellPhoto', ofSellers: 'nothing' },
    params: () => ({ ...ofProduct(), photo }),
    fields: () => ({ change: 'remove' }),
  },
  {
    ...{ page: 'sellPhoto', ofSellers: 'nothing' },
    params: () => ({ ...ofProduct(), photo }),
    fields: () => ({ change: 'first' }),
  },
  {
    ...{ page: 'shipSellOrder', ofSellers: 'nothing' },
    params: () => ({ ...ofOrder(), id: String(order.parcels[0]!.id) }),
    fields: () => ({ carrier: 'X', trackingNumber: '1' }),
  },
];

const edited = () => ({ ...BOOK, category, name: 'Robado', price: '1', quantity: '99', version: '1' });

/** All that is the owner's. */
async function everything() {
  const [shown] = await rowsOf(root, 'SELECT * FROM product WHERE id = ?', [product.id]);
  const photos = await rowsOf(root, 'SELECT * FROM product_photo WHERE product_id = ?', [product.id]);
  const parcels = await rowsOf(root, 'SELECT * FROM parcel WHERE order_id = ?', [order.id]);
  return { shown, photos, parcels, stock: await stockOf(root, product.id) };
}

test('the owner sees it all', async () => {
  for (const { page, params } of READS) {
    const { status } = await owner.shopper.open(page, params?.());
    expect([page, status]).toEqual([page, 200]);
  }
});

test.each(READS)('$page shows nothing of others', async ({ page, params, ofSellers }) => {
  for (const [who, shopper] of Object.entries(others)) {
    const { status, text } = await shopper.open(page, params?.());
    const wanted = who === 'visitor' ? 303 : who === 'another seller' && ofSellers === 'own' ? 200 : 404;
    expect([who, status]).toEqual([who, wanted]);
    for (const secret of [order.number, 'Libro de prueba', owner.name, 'Amazonas']) {
      // The other seller's product has the same name.
      if (secret === 'Libro de prueba' && who === 'another seller') continue;
      if (params && secret === order.number) continue;
      expect([who, secret, text.includes(secret)]).toEqual([who, secret, false]);
    }
  }
});

test.each(WRITES)('$page changes nothing of others', async ({ page, params, fields }) => {
  const before = await everything();
  for (const [who, shopper] of Object.entries(others)) {
    const token = who === 'visitor' ? {} : { _csrf: await tokenIn(shopper) };
    const { status } = await shopper.post(shopper.pathOf(page, params?.()), { ...token, ...fields?.() });
    expect([who, status]).toEqual([who, who === 'visitor' ? 303 : 404]);
  }
  expect(await everything()).toEqual(before);
});

test('nobody else adds photos to a product, and the files are not even read', async () => {
  const before = await everything();
  const { content, name } = await jpeg('ajena.jpg');
  for (const [who, shopper] of Object.entries(others)) {
    const token = who === 'visitor' ? '' : await tokenIn(shopper);
    const { status } = await shopper.agent
      .post(shopper.pathOf('sellPhotos', { id: String(product.id) }))
      .field('_csrf', token)
      .attach('photos', content, name);
    expect([who, status]).toEqual([who, who === 'visitor' ? 303 : 404]);
  }
  expect(await everything()).toEqual(before);
});

test('who may not sell publishes nothing', async () => {
  const count = () => rowsOf(root, 'SELECT COUNT(*) AS products FROM product');
  const before = await count();
  for (const [who, shopper] of Object.entries(others)) {
    if (who === 'another seller') continue;
    const token = who === 'visitor' ? {} : { _csrf: await tokenIn(shopper) };
    const { status } = await shopper.post(shopper.pathOf('sellProducts'), { ...token, ...BOOK, category });
    expect([who, status]).toEqual([who, who === 'visitor' ? 303 : 404]);
  }
  expect(await count()).toEqual(before);
});

test('products of the shop itself are nobody’s', async () => {
  const [own] = await rowsOf(root, 'SELECT id FROM product WHERE seller_id IS NULL ORDER BY id LIMIT 1');
  const { status } = await owner.shopper.open('sellProduct', { id: String(own!.id) });
  expect(status).toBe(404);
});

test('an own parcel is not shipped in the name of another order', async () => {
  const other = await sellOf(databases, root, [{ product, quantity: 1 }]);
  const path = owner.shopper.pathOf('shipSellOrder', {
    number: other.number,
    id: String(order.parcels[0]!.id),
  });
  const { status } = await owner.shopper.post(path, { _csrf: await tokenIn(owner.shopper) });
  expect(status).toBe(404);
});

test('a suspended seller gets nothing of what was theirs, from the moment on', async () => {
  const seller = await newSeller(root);
  const own = await addSellerProduct(root, seller);
  const sold = await sellOf(databases, root, [{ product: own, quantity: 1 }]);
  const token = await tokenIn(seller.shopper);
  await root.query("UPDATE seller SET state = 'suspended' WHERE id = ?", [seller.id]);
  await catchUp();
  const id = { id: String(own.id) };
  const number = { number: sold.number };
  const reads: [ShopPage, Record<string, string>][] = [
    ...(['sellProducts', 'newSellProduct', 'sellOrders', 'payouts'] as const).map(
      (page): [ShopPage, Record<string, string>] => [page, {}],
    ),
    ['sellProduct', id],
    ['sellOrder', number],
  ];
  for (const [page, params] of reads) {
    const { status } = await seller.shopper.open(page, params);
    expect([page, status]).toEqual([page, 404]);
  }
  const parcel = { ...number, id: String(sold.parcels[0]!.id) };
  const writes: [ShopPage, Record<string, string>, Record<string, string>][] = [
    ['sellProducts', {}, { ...BOOK, category }],
    ['sellProduct', id, edited()],
    ['sellPhoto', { ...id, photo }, { change: 'remove' }],
    ['shipSellOrder', parcel, { carrier: 'X' }],
  ];
  for (const [page, params, fields] of writes) {
    const { status } = await seller.shopper.post(seller.shopper.pathOf(page, params), {
      _csrf: token,
      ...fields,
    });
    expect([page, status]).toEqual([page, 404]);
  }
  const [row] = await rowsOf(root, 'SELECT state FROM parcel WHERE id = ?', [parcel.id]);
  expect(row).toEqual({ state: 'open' });
});
