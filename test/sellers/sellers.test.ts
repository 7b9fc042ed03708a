import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { deleteFormerSellers } from '../../src/sellers/seller-jobs.ts';
import { faultsOf, rowsOf, stockOf } from '../orders/shop-support.ts';
import { catchUp } from '../order-desk/desk-support.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { mailsTo, newCustomer, waitForMails } from '../support/kept-mail.ts';
import { openDatabases } from '../support/open-databases.ts';
import { jpeg } from '../support/photo-files.ts';
import { pathOf } from '../../src/shop/shop-paths.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { hiddenIn, unescaped, uniqueEmail } from '../support/shopper.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  aCategory,
  addSellerProduct,
  BOOK,
  newSeller,
  tokenIn,
  type SellingCustomer,
} from './seller-support.ts';

let root: Connection;
let databases: Databases;
let admin: Client;
let category: string;

beforeAll(async () => {
  root = await stack.connect('primary');
  databases = await openDatabases();
  admin = await Client.signedIn();
  category = await aCategory(root);
});

afterAll(async () => {
  expect(await faultsOf(databases)).toEqual([]);
  await root.end();
  await closeDatabases(databases);
});

const sellerRow = async (name: string) =>
  (await rowsOf(root, 'SELECT * FROM seller WHERE name = ?', [name]))[0]!;

const publish = (seller: SellingCustomer, fields: Record<string, string> = {}) =>
  seller.shopper.submit(
    seller.shopper.pathOf('newSellProduct'),
    { ...BOOK, category, ...fields },
    seller.shopper.pathOf('sellProducts'),
  );

const idIn = (location: string | undefined) => Number(/\/(\d+)\?saved=published$/.exec(location ?? '')?.[1]);

const ownProduct = async (id: number) => (await rowsOf(root, 'SELECT * FROM product WHERE id = ?', [id]))[0]!;

const edit = (seller: SellingCustomer, id: number, fields: Record<string, string>) => {
  const path = seller.shopper.pathOf('sellProduct', { id: String(id) });
  return seller.shopper.submit(path, { ...BOOK, category, ...fields }, path);
};

test('a customer asks, an administrator approves with the usual commission, and both are told', async () => {
  const { shopper, email } = await newCustomer();
  const name = `Editorial ${uniqueCode()}`;
  expect((await shopper.open('sellProducts')).status).toBe(404);
  const missing = await shopper.submit(shopper.pathOf('sell'), { name: ' ', contact: '' });
  expect(missing.status).toBe(422);
  expect(missing.text).toContain('Escriba el nombre con el que quiere vender.');
  const asked = await shopper.submit(shopper.pathOf('sell'), { name, contact: '099 1', payTo: 'Banco 1' });
  expect(asked.status).toBe(303);
  expect((await shopper.open('sell')).text).toContain('Recibimos su solicitud');
  expect((await shopper.open('sellProducts')).status).toBe(404);

  const { id } = await sellerRow(name);
  await catchUp();
  expect((await admin.get('/sellers?state=asked')).text).toContain(name);
  const page = await admin.get(`/sellers/${id}`);
  expect(page.text).toContain(email);
  const form = hiddenIn(page.text);
  expect((await admin.post(`/sellers/${id}`, { ...form, action: 'approved', rate: '101' })).status).toBe(422);
  const approved = await admin.post(`/sellers/${id}`, { ...form, action: 'approved', rate: '12,5' });
  expect(approved.status).toBe(303);
  expect(await sellerRow(name)).toMatchObject({ state: 'approved', commission_rate: 1250 });
  await waitForMails(email, 2);
  expect((await mailsTo(email)).map(({ template }) => template)).toContain('seller-decided');
  await catchUp();
  expect((await shopper.open('sellProducts')).status).toBe(200);

  // From a page that is older than the decision.
  const stale = await admin.post(`/sellers/${id}`, { ...form, action: 'refused', reason: 'Spam' });
  expect([stale.status, (await sellerRow(name)).state]).toEqual([409, 'approved']);
});

test('a name belongs to one seller, with other capitals and accents, too', async () => {
  const { name } = await newSeller(root);
  const { shopper } = await newCustomer();
  const answer = await shopper.submit(shopper.pathOf('sell'), {
    name: name.toUpperCase().replace('Í', 'I'),
    contact: '1',
  });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('Ya hay un vendedor con este nombre.');
});

test('who is refused reads why, and asks again', async () => {
  const { id, name, shopper, email } = await newSeller(root, { state: 'asked' });
  const form = hiddenIn((await admin.get(`/sellers/${id}`)).text);
  const without = await admin.post(`/sellers/${id}`, { ...form, action: 'refused', reason: ' ' });
  expect(without.status).toBe(422);
  await admin.post(`/sellers/${id}`, { ...form, action: 'refused', reason: 'Falta la <cuenta>' });
  await catchUp();
  expect((await shopper.open('sell')).text).toContain('Falta la &lt;cuenta&gt;');
  await waitForMails(email, 2);
  expect((await shopper.submit(shopper.pathOf('sell'), { name, contact: '2' })).status).toBe(303);
  expect(await sellerRow(name)).toMatchObject({ state: 'asked', reason: '', contact: '2' });
});

test('an approved seller changes contact and account, but not the name, and is told of a new account', async () => {
  const { name, shopper, email } = await newSeller(root);
  const changedMails = async () =>
    (await mailsTo(email)).filter(({ template }) => template === 'seller-pay-to-changed').length;
  const same = { name, contact: '097', payTo: 'Banco Uno 123' };
  expect((await shopper.submit(shopper.pathOf('sell'), same, '/vender')).status).toBe(303);
  const fields = { name: 'Otra', contact: '098', payTo: 'Banco Dos' };
  expect((await shopper.submit(shopper.pathOf('sell'), fields, '/vender')).status).toBe(303);
  expect(await sellerRow(name)).toMatchObject({ contact: '098', pay_to: 'Banco Dos', state: 'approved' });
  await waitUntil(async () => (await changedMails()) > 0);
  expect(await changedMails()).toBe(1);
});

test('the usual commission is that of new sellers', async () => {
  const form = hiddenIn((await admin.get('/sellers')).text);
  expect((await admin.post('/sellers/settings', { ...form, rate: 'x' })).status).toBe(422);
  expect((await admin.post('/sellers/settings', { ...form, rate: '7,25' })).status).toBe(303);
  const { shopper } = await newCustomer();
  await catchUp();
  expect((await shopper.open('sell')).text).toContain('7,25 %');
  const name = `Nueva ${uniqueCode()}`;
  await shopper.submit(shopper.pathOf('sell'), { name, contact: '1' });
  expect((await sellerRow(name)).commission_rate).toBe(725);
  await admin.post('/sellers/settings', { ...form, _key: '', rate: '10' });
});

test('publishes a book, with a code of its own, which the shop offers at once', async () => {
  const seller = await newSeller(root);
  const answer = await publish(seller);
  expect(answer.status).toBe(303);
  const id = idIn(answer.headers.location);
  const product = await ownProduct(id);
  expect(product).toMatchObject({
    seller_id: seller.id,
    price: 1250,
    on_sale: 1,
    unit: 'unidad',
    weight: 400,
  });
  expect(product.code).toMatch(/^V-[2-9A-Z]{6}$/);
  expect((await stockOf(root, id)).onHand).toBe(3);
  const [movement] = await rowsOf(root, 'SELECT * FROM stock_movement WHERE product_id = ?', [id]);
  expect(movement).toMatchObject({ reason: 'initial', actor_kind: 'customer', actor_id: seller.customerId });
  expect((await rowsOf(root, 'SELECT authors FROM book WHERE product_id = ?', [id]))[0]).toEqual({
    authors: BOOK.authors,
  });
  await catchUp();
  const offered = await seller.shopper.open('product', { product: String(id) }).redirects(1);
  expect(offered.text).toContain(`Vendido por <strong class="text-break">${seller.name}</strong>`);
  expect(offered.text).toContain(`"seller":{"@type":"Organization","name":"${seller.name}"}`);
  // Staff see whose it is.
  const page = await admin.get(`/products/${id}`);
  expect(page.text).toContain(`href="/sellers/${seller.id}">${seller.name}</a>`);
});

test('bad input is said beside its field, and nothing is written', async () => {
  const seller = await newSeller(root);
  const before = await rowsOf(root, 'SELECT COUNT(*) AS products FROM product');
  const bad: Record<string, [Record<string, string>, string]> = {
    name: [{ name: '' }, 'Escriba el nombre del producto.'],
    price: [{ price: '' }, 'Escriba el precio.'],
    quantity: [{ quantity: '-3' }, 'is-invalid" id="quantity"'],
    fraction: [{ quantity: '1,5' }, 'is-invalid" id="quantity"'],
    category: [{ category: 'No existe' }, 'Elija una categoría'],
    other: [{ category: '__other__', newCategory: 'Mía' }, 'Elija una categoría'],
    barcode: [{ barcodes: '9780306406158' }, 'is-invalid" id="barcodes"'],
  };
  for (const [what, [fields, message]] of Object.entries(bad)) {
    const { status, text } = await publish(seller, fields);
    expect([what, status, text.includes(message)]).toEqual([what, 422, true]);
    if (what !== 'name') expect(text).toContain('value="Cien años"');
  }
  expect(await rowsOf(root, 'SELECT COUNT(*) AS products FROM product')).toEqual(before);
});

test('a code or barcode of somebody else is refused without telling whose it is', async () => {
  const [one, other] = [await newSeller(root), await newSeller(root)];
  const [code, barcode] = [uniqueCode(), uniqueCode()];
  expect((await publish(one, { name: 'Secreto ajeno', code, barcodes: barcode })).status).toBe(303);
  const sameCode = await publish(other, { code });
  expect([sameCode.status, sameCode.text.includes('Este código ya está en uso.')]).toEqual([422, true]);
  const sameBarcode = await publish(other, { barcodes: barcode });
  expect(sameBarcode.status).toBe(422);
  expect(sameBarcode.text).toContain(`tiene el código ${barcode}`);
  expect(sameBarcode.text).not.toContain('Secreto ajeno');
});

test('edits price and stock and takes it off sale; what is the shop’s own stays, whatever the browser sends', async () => {
  const seller = await newSeller(root);
  const id = idIn((await publish(seller)).headers.location);
  await root.query(
    "UPDATE product SET cost = 700, tags = 'usado', location = 'A1', notes = 'x', minimum_stock = 1 WHERE id = ?",
    [id],
  );
  await catchUp();
  const saved = await edit(seller, id, {
    ...{ price: '15', quantity: '5', onSale: 'no', code: '' },
    ...{
      cost: '1',
      tags: 'robado',
      location: 'B2',
      notes: 'y',
      minimumStock: '9',
      supplier: 'Z',
      unit: 'kg',
    },
    ...{ seller_id: '1', sellerId: '1' },
  });
  expect([saved.status, saved.headers.location]).toEqual([303, expect.stringContaining('saved=saved')]);
  expect(await ownProduct(id)).toMatchObject({
    ...{ price: 1500, on_sale: 0, cost: 700, tags: 'usado', location: 'A1', notes: 'x' },
    ...{ unit: 'unidad', seller_id: seller.id, supplier_id: null },
  });
  expect((await stockOf(root, id)).onHand).toBe(5);
  const [movement] = await rowsOf(
    root,
    'SELECT delta, reason, actor_kind, actor_id FROM stock_movement WHERE product_id = ? ORDER BY id DESC LIMIT 1',
    [id],
  );
  expect(movement).toEqual({ delta: 2, reason: 'edit', actor_kind: 'customer', actor_id: seller.customerId });
  const [price] = await rowsOf(
    root,
    'SELECT actor_kind, new_amount FROM price_history WHERE product_id = ? ORDER BY id DESC LIMIT 1',
    [id],
  );
  expect(price).toMatchObject({ actor_kind: 'customer' });
  await catchUp();
  expect((await seller.shopper.open('product', { product: String(id) })).status).toBe(404);
  expect((await seller.shopper.open('sellProducts')).text).toContain('Fuera de la venta');
});

test('what others change meanwhile is kept; a change of the same field is shown before it is replaced', async () => {
  const seller = await newSeller(root);
  const id = idIn((await publish(seller)).headers.location);
  await catchUp();
  const path = seller.shopper.pathOf('sellProduct', { id: String(id) });
  const { text } = await seller.shopper.get(path);
  const form = { ...hiddenIn(text), ...BOOK, category, code: (await ownProduct(id)).code as string };
  // Sold one, and staff have corrected the name.
  await root.query(
    "UPDATE product SET quantity = 2, name = 'Cien años de soledad', version = version + 1 WHERE id = ?",
    [id],
  );
  await root.query(
    `INSERT INTO stock_movement (product_id, delta, quantity_after, reason, user_id, actor_id)
     VALUES (?, -1, 2, 'adjustment', 1, 1)`,
    [id],
  );
  await catchUp();
  const conflict = await seller.shopper.post(path, { ...form, name: 'Cien años (usado)' });
  expect(conflict.status).toBe(409);
  expect(unescaped(conflict.text)).toContain('Nombre: ahora es Cien años de soledad');
  expect(conflict.text).toContain('id="quantity" name="quantity"');
  const again = { ...hiddenIn(conflict.text.slice(conflict.text.indexOf('<main'))) };
  const saved = await seller.shopper.post(path, {
    ...form,
    ...again,
    name: 'Cien años (usado)',
    quantity: '2',
  });
  expect(saved.status).toBe(303);
  expect(await ownProduct(id)).toMatchObject({ name: 'Cien años (usado)', quantity: 2 });
});

test('less stock than orders hold is saved, and said', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller, { quantity: 5 });
  await root.query('UPDATE product SET exact_reserved = 3, reserved = 3 WHERE id = ?', [product.id]);
  await catchUp();
  const page = await seller.shopper.open('sellProduct', { id: String(product.id) });
  expect(page.text).toContain('Reservado por pedidos');
  const answer = await edit(seller, product.id, { quantity: '2' });
  expect(answer.status).toBe(303);
  await root.query('UPDATE product SET exact_reserved = 0, reserved = 0 WHERE id = ?', [product.id]);
});

test('photos are added, put first and taken away; until it is on sale, only the seller sees them', async () => {
  const seller = await newSeller(root);
  const id = idIn((await publish(seller, { onSale: 'no' })).headers.location);
  const { shopper } = seller;
  const path = shopper.pathOf('sellPhotos', { id: String(id) });
  const token = await tokenIn(shopper);
  const [one, two] = [
    await jpeg('uno.jpg', { background: '#123456' }),
    await jpeg('dos.jpg', { background: '#654321' }),
  ];
  await catchUp();
  const added = await shopper.agent
    .post(path)
    .field('_csrf', token)
    .attach('photos', one.content, one.name)
    .attach('photos', two.content, two.name);
  expect([added.status, added.headers.location]).toEqual([303, expect.stringContaining('saved=photos')]);
  const photos = await rowsOf(
    root,
    'SELECT LOWER(HEX(photo)) AS photo, added_by FROM product_photo WHERE product_id = ? ORDER BY position',
    [id],
  );
  expect(photos.map(({ added_by: by }) => by as unknown)).toEqual([null, null]);
  await catchUp();
  const second = String(photos[1]!.photo);
  const file = { file: `${second}-640.webp` };
  expect((await shopper.open('sellPhotoFile', file)).headers['content-type']).toBe('image/webp');
  expect((await shopper.get(`/shop/photos/${file.file}`)).status).toBe(404);
  const change = (what: string) =>
    shopper.post(shopper.pathOf('sellPhoto', { id: String(id), photo: second }), {
      _csrf: token,
      change: what,
    });
  expect((await change('nothing')).status).toBe(400);
  expect((await change('first')).status).toBe(303);
  expect((await change('remove')).status).toBe(303);
  const left = await rowsOf(root, 'SELECT HEX(photo) AS photo FROM product_photo WHERE product_id = ?', [id]);
  expect(left).toEqual([{ photo: String(photos[0]!.photo).toUpperCase() }]);
  const noPhoto = await shopper.agent
    .post(path)
    .field('_csrf', token)
    .attach('photos', Buffer.from('x'), 'x.jpg');
  expect(noPhoto.status).toBe(422);
});

test('photos of sellers may be as large as those of staff, through NGINX, too', async () => {
  const seller = await newSeller(root, {}, { url: baseUrl });
  const id = idIn((await publish(seller)).headers.location);
  await catchUp();
  const { content, name } = await jpeg('grande.jpg', { width: 1600, height: 1200, noise: 40 });
  expect(content.length).toBeGreaterThan(512 * 1024);
  for (const language of ['es', 'en'] as const) {
    const answer = await seller.shopper.agent
      .post(pathOf(language, 'sellPhotos', { id: String(id) }))
      .field('_csrf', await tokenIn(seller.shopper))
      .attach('photos', content, name);
    expect([language, answer.status]).toEqual([language, 303]);
  }
});

test('what a suspended seller had in the trash does not come back on sale', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  expect((await admin.post(`/products/${product.id}/delete`, {})).status).toBe(303);
  await root.query(`UPDATE seller SET state = 'suspended' WHERE id = ?`, [seller.id]);
  expect((await admin.post(`/trash/${product.id}/restore`, {})).status).toBe(303);
  expect(await ownProduct(product.id)).toMatchObject({ on_sale: 0, seller_id: seller.id });
  await root.query('UPDATE product SET on_sale = 1 WHERE id = ?', [product.id]);
  expect(await ownProduct(product.id)).toMatchObject({ on_sale: 0 });
});

test('a seller who is suspended has nothing on sale any more', async () => {
  const seller = await newSeller(root);
  const id = idIn((await publish(seller)).headers.location);
  await catchUp();
  const form = hiddenIn((await admin.get(`/sellers/${seller.id}`)).text);
  const answer = await admin.post(`/sellers/${seller.id}`, {
    ...form,
    action: 'suspended',
    reason: 'Quejas',
  });
  expect(answer.status).toBe(303);
  expect(await ownProduct(id)).toMatchObject({ on_sale: 0 });
  await catchUp();
  expect((await seller.shopper.open('sell')).text).toContain('Quejas');
  expect((await seller.shopper.open('sellProducts')).status).toBe(404);
  // The form is not offered, and refused if it is sent.
  const again = await seller.shopper.post(seller.shopper.pathOf('sell'), {
    ...{ _csrf: await tokenIn(seller.shopper), name: seller.name, contact: '1' },
  });
  expect(again.status).toBe(409);
});

test('who deletes the account sells nothing any more, and their data go', async () => {
  const seller = await newSeller(root);
  const product = await addSellerProduct(root, seller);
  const { shopper } = seller;
  await shopper.submit(shopper.pathOf('deleteAccount'), { current: 'tres tristes tigres' }, '/eliminar');
  await waitUntil(async () => (await sellerRow(seller.name)).state === 'suspended');
  await databases.catalogue.transact(deleteFormerSellers);
  expect((await rowsOf(root, 'SELECT * FROM seller WHERE id = ?', [seller.id]))[0]).toMatchObject({
    ...{ state: 'suspended', contact: '', pay_to: '', name: seller.name },
  });
  expect(await ownProduct(product.id)).toMatchObject({ on_sale: 0 });
});

test('the name of somebody who never had anything to sell goes, too, and is free again', async () => {
  const name = `Ana ${uniqueEmail()}`;
  const ask = async () => {
    const { shopper } = await newCustomer();
    const answer = await shopper.submit(shopper.pathOf('sell'), {
      name,
      contact: 'Ana',
      payTo: '1',
      about: '',
    });
    return { shopper, status: answer.status };
  };
  const { shopper, status } = await ask();
  expect(status).toBe(303);
  const { id } = await sellerRow(name);
  await shopper.submit(shopper.pathOf('deleteAccount'), { current: 'tres tristes tigres' }, '/eliminar');
  await waitUntil(async () => (await sellerRow(name)).state === 'suspended');
  await databases.catalogue.transact(deleteFormerSellers);
  expect(await rowsOf(root, 'SELECT name, reason FROM seller WHERE id = ?', [id])).toEqual([
    { name: `#${id}`, reason: '' },
  ]);
  expect((await ask()).status).toBe(303);
});
