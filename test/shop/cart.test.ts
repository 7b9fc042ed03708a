import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { addProduct, rowsOf } from '../orders/shop-support.ts';
import { newCustomer } from '../support/kept-mail.ts';
import { stack } from '../support/shared-stack.ts';
import { Shopper, unescaped } from '../support/shopper.ts';
import { addBook, putInCart, tokenOf } from './checkout-support.ts';

let root: Connection;

beforeAll(async () => {
  root = await stack.connect('primary');
});

afterAll(() => root.end());

async function cartText(shopper: Shopper): Promise<string> {
  return unescaped((await shopper.open('cart')).text);
}

/** Product and quantity of each line, as the cart's forms show them. */
async function linesIn(shopper: Shopper): Promise<Record<string, string>> {
  const found = (await cartText(shopper)).matchAll(/id="quantity-(\d+)" name="quantity" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, id, quantity]) => [id!, quantity!]));
}

test('a product is added, added again, changed and removed', async () => {
  const book = await addBook(root);
  const shopper = new Shopper();
  await putInCart(shopper, book, '2');
  await putInCart(shopper, book);
  expect(await linesIn(shopper)).toEqual({ [book.id]: '3' });
  await shopper.submit(shopper.pathOf('cart'), { quantity: '5' }, 'carrito');
  expect(await linesIn(shopper)).toEqual({ [book.id]: '5' });
  expect(await cartText(shopper)).toContain('$50,00');
  await shopper.submit(shopper.pathOf('cart'), { remove: '1' }, 'carrito');
  expect(await cartText(shopper)).toContain('Su carrito está vacío');
});

test('an addition that is sent twice is carried out once', async () => {
  const book = await addBook(root);
  const shopper = new Shopper();
  await putInCart(shopper, await addBook(root));
  const send = () =>
    shopper.post(shopper.pathOf('addToCart'), { product: String(book.id), quantity: '2', _key: 'one-press' });
  await Promise.all([send(), send()]);
  await send();
  expect(await linesIn(shopper)).toMatchObject({ [book.id]: '2' });
});

test.each([
  ['', 'Escriba una cantidad, como 1 o 2.'],
  ['0', 'Escriba una cantidad, como 1 o 2.'],
  ['-1', 'Escriba una cantidad, como 1 o 2.'],
  ['dos', 'Escriba una cantidad, como 1 o 2.'],
  ['1e3', 'Escriba una cantidad, como 1 o 2.'],
  ['1,5', 'Escriba una cantidad entera, como 1 o 2.'],
  ['1000', 'Un pedido puede tener hasta 999 de un producto.'],
])('a quantity that cannot be is refused beside the field: %s', async (typed, message) => {
  const book = await addBook(root);
  const shopper = new Shopper();
  const refused = await putInCart(shopper, book, typed);
  expect(refused.status).toBe(422);
  expect(unescaped(refused.text)).toContain(message);
  expect(refused.text).toContain(`name="quantity" value="${typed}"`);
  expect(shopper.cookies()).toEqual([]);
  await putInCart(shopper, book, '3');
  if (typed === '0') return;
  const changed = await shopper.submit(shopper.pathOf('cart'), { quantity: typed }, 'carrito');
  expect(changed.status).toBe(422);
  expect(unescaped(changed.text)).toContain(message);
  expect(await linesIn(shopper)).toEqual({ [book.id]: '3' });
});

test('goods that are weighed have decimals, as the language writes them', async () => {
  const cheese = await addProduct(root, { price: 1000, quantity: 20 });
  const [spanish, english] = [new Shopper(), new Shopper({ language: 'en' })];
  await putInCart(spanish, cheese, '1,25');
  await putInCart(english, cheese, '1.25');
  expect([await linesIn(spanish), await linesIn(english)]).toEqual([
    { [cheese.id]: '1,25' },
    { [cheese.id]: '1.25' },
  ]);
  expect(await cartText(english)).toContain('$12.50');
});

test('what has changed since is said beside its line', async () => {
  const [dearer, fewer, gone, deleted] = [
    await addBook(root, { price: 1000 }),
    await addBook(root, { quantity: 5 }),
    await addBook(root),
    await addBook(root),
  ];
  const shopper = new Shopper();
  for (const product of [dearer, fewer, gone, deleted]) await putInCart(shopper, product, '4');
  await root.query('UPDATE product SET price = 1100 WHERE id = ?', [dearer.id]);
  await root.query('UPDATE product SET quantity = 1 WHERE id = ?', [fewer.id]);
  await root.query('UPDATE product SET on_sale = 0 WHERE id = ?', [gone.id]);
  await root.query('DELETE FROM stock_movement WHERE product_id = ?', [deleted.id]);
  await root.query('DELETE FROM product WHERE id = ?', [deleted.id]);
  const text = await cartText(shopper);
  expect(text).toContain('Subió de $10,00 a $11,00 desde que lo eligió.');
  expect(text).toContain('Solo hay 1 ejemplar.');
  expect(text.match(/Ya no está en venta\./g)).toHaveLength(2);
  expect(text).toContain('Revise lo que cambió antes de pagar.');
  // Setting the line says that its price has been seen.
  await shopper.post(shopper.pathOf('cart'), { product: String(dearer.id), quantity: '4' });
  expect(await cartText(shopper)).not.toContain('Subió de');
  await root.query('UPDATE product SET quantity = 5 WHERE id = ?', [fewer.id]);
});

test('what is not offered, or does not exist, cannot be added', async () => {
  const book = await addBook(root);
  await root.query('UPDATE product SET on_sale = 0 WHERE id = ?', [book.id]);
  const shopper = new Shopper();
  for (const product of [String(book.id), '999999999'])
    expect((await shopper.post(shopper.pathOf('addToCart'), { product })).status).toBe(404);
  for (const product of ['', 'x', '-1', '1.5', '99999999999'])
    expect((await shopper.post(shopper.pathOf('addToCart'), { product })).status).toBe(400);
});

test("a visitor's cart is that of the cookie, for 30 days, and nobody else's", async () => {
  const book = await addBook(root);
  const shopper = new Shopper();
  const { headers } = await putInCart(shopper, book);
  const [cookie] = headers['set-cookie'] as unknown as string[];
  expect(cookie).toMatch(
    /^inventario\.cart=[\w-]{32}; Max-Age=2592000; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
  );
  expect(await cartText(new Shopper())).toContain('Su carrito está vacío');
  const [{ value } = { value: '' }] = shopper.cookies();
  expect(await rowsOf(root, 'SELECT 1 FROM cart WHERE token_sha256 = ?', [value])).toEqual([]);
  expect((await shopper.open('home')).text).toContain('aria-label="Carrito: 1 producto"');
});

test('at log-in, what a visitor chose is added to the cart of the account, and that is said', async () => {
  const { shopper: desk, email } = await newCustomer();
  const [one, both] = [await addBook(root), await addBook(root)];
  await putInCart(desk, both, '2');
  const phone = new Shopper();
  await putInCart(phone, one);
  await putInCart(phone, both, '3');
  const { headers } = await phone.logIn(email);
  expect(headers.location).toBe(`${phone.pathOf('account')}?merged=2`);
  expect((await phone.get(headers.location!)).text).toContain(
    'Los 2 productos que eligió antes de iniciar sesión se sumaron a su carrito.',
  );
  expect(phone.cookies().map(({ name }) => name)).not.toContain('inventario.cart');
  const merged = { [one.id]: '1', [both.id]: '5' };
  expect([await linesIn(phone), await linesIn(desk)]).toEqual([merged, merged]);

  await phone.submit(phone.pathOf('account'), {}, phone.pathOf('logOut'));
  expect(await cartText(phone)).toContain('Su carrito está vacío');
  // Nothing was added to anything, so there is nothing to say.
  expect((await phone.logIn(email)).headers.location).toBe(phone.pathOf('account'));
  expect(await linesIn(phone)).toEqual(merged);
});

test('a cart that has no room for what a visitor chose stays as it is', async () => {
  const { shopper, email } = await newCustomer();
  const [full] = await rowsOf(root, 'SELECT id FROM customer WHERE email = ?', [email]);
  const book = await addBook(root);
  await putInCart(shopper, book);
  const [cart] = await rowsOf(root, 'SELECT id FROM cart WHERE customer_id = ?', [full!.id]);
  await root.query(
    `INSERT INTO cart_line (cart_id, product_id, quantity)
     SELECT ?, 4000000000 + id, 1 FROM product ORDER BY id LIMIT 99`,
    [cart!.id],
  );
  const other = new Shopper();
  await putInCart(other, await addBook(root));
  expect((await other.logIn(email)).headers.location).toBe(`${other.pathOf('account')}?merged=full`);
  const left = await rowsOf(root, 'SELECT COUNT(*) AS n FROM cart_line WHERE cart_id = ?', [cart!.id]);
  expect(left).toEqual([{ n: 100 }]);
  const refused = await other.post(other.pathOf('addToCart'), {
    ...(await tokenOf(other)),
    product: String(book.id + 1),
  });
  expect(refused.status).toBe(422);
  expect(unescaped(refused.text)).toContain('Un carrito puede tener hasta 100 productos distintos.');
});
