import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { withCheckDigit } from '../support/barcodes.ts';
import { Client } from '../support/client.ts';
import { addPhotos, jpeg } from '../support/photo-files.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { cardNames, putOnSale, structuredData, visit, type OnSale } from './on-sale.ts';

const ISBN = withCheckDigit(`97862${String(Date.now()).slice(-7)}`);
const SECRET = {
  location: 'Estante Z-9',
  supplier: 'Proveedor Oculto',
  notes: 'Nota interna',
  tags: 'reservado',
};

let client: Client;
let primary: Connection;
let book: OnSale;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
  book = await putOnSale(client, {
    ...SECRET,
    ...{
      description: 'Una <historia> & un "río"',
      cost: '7,77',
      taxRate: '15',
      quantity: 3,
      weight: '1,2 kg',
    },
    ...{ authors: 'Ana Paz; Luis Río', publisher: 'Sur', year: 1999, pages: 320, language: 'es' },
    ...{ binding: 'hardback', barcodes: ISBN, category: '__other__', newCategory: 'Ñandúes' },
  });
});

afterAll(() => primary.end());

const slugOfBook = () => `obra-${book.mark}-${book.id}`;

test('the page of a book says what a buyer asks', async () => {
  const { status, text } = await visit(`/tienda/p/${slugOfBook()}`);
  expect(status).toBe(200);
  for (const shown of [
    ...[book.name, 'Ana Paz', 'Luis Río', '$12,50', 'Impuesto del 15 % incluido', 'Últimas 3 unidades'],
    ...[ISBN, 'Sur', '1999', '320', 'Español', 'Tapa dura', '1,2 kg', 'Ñandúes'],
    'Una &lt;historia&gt; &amp; un &#34;río&#34;',
  ]) {
    expect(text).toContain(shown);
  }
  const english = (await visit(`/shop/p/${slugOfBook()}`).set('Accept-Language', 'es')).text;
  for (const shown of ['<html lang="en">', '$12.50', 'Including 15% tax', 'Last 3', 'Spanish', 'Hardback'])
    expect(english).toContain(shown);
});

test('its structured data agrees with it', async () => {
  const { text } = await visit(`/tienda/p/${slugOfBook()}`);
  const [data, crumbs] = structuredData(text);
  expect(data).toMatchObject({
    '@type': ['Product', 'Book'],
    name: book.name,
    isbn: ISBN,
    author: [{ name: 'Ana Paz' }, { name: 'Luis Río' }],
    offers: { price: '12.50', priceCurrency: 'USD', availability: 'https://schema.org/LimitedAvailability' },
  });
  expect(crumbs.itemListElement).toHaveLength(3);
});

test('pages name themselves in both languages, and the first part of the address decides', async () => {
  const pairs = [
    ['/tienda', '/shop'],
    ['/tienda/productos', '/shop/products'],
    ['/tienda/categoria/nandues', '/shop/category/nandues'],
    [`/tienda/p/${slugOfBook()}`, `/shop/p/${slugOfBook()}`],
  ] as const;
  for (const [es, en] of pairs) {
    for (const [path, language] of [
      [es, 'es'],
      [en, 'en'],
    ] as const) {
      const { text, status } = await visit(path).set({ 'Accept-Language': 'fr', Cookie: 'lang=es' });
      expect([path, status]).toEqual([path, 200]);
      expect(text).toContain(`<html lang="${language}">`);
      expect(text).toMatch(new RegExp(`<link rel="canonical" href="http://[^/"]+${path}">`));
      expect(text).toMatch(new RegExp(`hreflang="es" href="http://[^/"]+${es}">`));
      expect(text).toMatch(new RegExp(`hreflang="en" href="http://[^/"]+${en}">`));
      expect(text).toContain('property="og:title"');
      expect(text).toMatch(/<meta name="description" content="[^"]+">/);
      expect(text.match(/<h1/g)).toHaveLength(1);
    }
  }
});

test('no GET sets a cookie, and pages ask nobody to log in', async () => {
  for (const path of [
    ...['/tienda', '/shop', '/tienda/productos', '/tienda/buscar?q=obra', `/tienda/p/${slugOfBook()}`],
    ...['/tienda/p/nada', '/shop/sitemap.xml', '/robots.txt', '/tienda/carrito-que-no-existe'],
  ]) {
    const { headers } = await visit(path);
    expect([path, headers['set-cookie'], headers.location]).toEqual([path, undefined, undefined]);
  }
});

test('nothing that staff keep to themselves is in any page, nor found by searching for it', async () => {
  const paths = [
    '/tienda',
    '/tienda/categoria/nandues',
    `/tienda/p/${slugOfBook()}`,
    `/tienda/buscar?q=${book.mark}`,
  ];
  for (const path of paths) {
    const { text } = await visit(path);
    for (const secret of [...Object.values(SECRET), '7,77', '7.77', '4,66'])
      expect([path, text.includes(secret)]).toEqual([path, false]);
  }
  const byPlace = await visit(`/tienda/buscar?q=${encodeURIComponent(`${book.mark} Estante Z-9`)}`);
  expect(cardNames(byPlace.text)).toEqual([]);
  const found = await visit(`/tienda/buscar?q=${encodeURIComponent(`${book.mark} Sur`)}`);
  expect(cardNames(found.text)).toEqual([book.name]);
});

test('a wrong or old slug leads to the address of today', async () => {
  for (const slug of [`otro-titulo-${book.id}`, String(book.id)]) {
    const { status, headers } = await visit(`/tienda/p/${slug}`);
    expect([status, headers.location]).toEqual([301, `/tienda/p/${slugOfBook()}`]);
  }
});

test.each(['/tienda/p/0', '/tienda/p/x-4000000000', '/shop/category/none', '/tienda/carritos', '/shop/x/y'])(
  '%s is a page that does not exist, in the layout of the shop',
  async (path) => {
    const { status, text } = await visit(path);
    expect(status).toBe(404);
    expect(text).toContain('class="shop"');
    expect(text).toContain('<meta name="robots" content="noindex, follow">');
    expect(text).not.toContain('href="/login');
  },
);

test('a product that is taken off sale, loses its price or is deleted leaves the shop at once', async () => {
  const other = await putOnSale(client, { authors: 'Ana Paz' });
  const path = `/tienda/p/obra-${other.mark}-${other.id}`;
  const search = `/tienda/buscar?q=${other.mark}`;
  const seen = async () => {
    await replicaHasAll(stack);
    return [(await visit(path)).status, cardNames((await visit(search)).text).length];
  };
  expect(await seen()).toEqual([200, 1]);
  await primary.query('UPDATE product SET on_sale = 0 WHERE id = ?', [other.id]);
  expect(await seen()).toEqual([404, 0]);
  await primary.query('UPDATE product SET on_sale = 1, price = NULL WHERE id = ?', [other.id]);
  expect(await seen()).toEqual([404, 0]);
  await primary.query('UPDATE product SET price = 100 WHERE id = ?', [other.id]);
  expect(await seen()).toEqual([200, 1]);
  await client.post(`/products/${other.id}/delete`);
  expect(await seen()).toEqual([404, 0]);
  await client.post(`/products/${other.id}/restore`);
  expect(await seen()).toEqual([200, 1]);
});

test('what others have been promised is not available', async () => {
  const other = await putOnSale(client, { quantity: 4 });
  const page = async () => {
    await replicaHasAll(stack);
    return (await visit(`/tienda/p/obra-${other.mark}-${other.id}`)).text;
  };
  const reserve = (quantity: number) =>
    primary.query('UPDATE product SET exact_reserved = ?, reserved = ? WHERE id = ?', [
      quantity,
      quantity,
      other.id,
    ]);
  await reserve(3);
  expect(await page()).toContain('Última unidad');
  await reserve(4);
  expect(await page()).toContain('Agotado');
  const available = await visit(`/tienda/buscar?q=${other.mark}&available=1`);
  expect(cardNames(available.text)).toEqual([]);
  await reserve(0);
});

test('of more than the last five, the page does not say how many there are', async () => {
  const other = await putOnSale(client, { quantity: 73 });
  const { text } = await visit(`/tienda/p/obra-${other.mark}-${other.id}`);
  expect(text).toContain('Disponible');
  expect(text.replaceAll(other.mark, '').replaceAll(other.code, '')).not.toMatch(/\b73\b/);
});

test('photos of what is on sale are public, others are not', async () => {
  const other = await putOnSale(client);
  await addPhotos(client, other.id, [await jpeg('a.jpg')]);
  await replicaHasAll(stack);
  const [[row]] = await primary.query<RowDataPacket[]>(
    'SELECT LOWER(HEX(photo)) AS photo FROM product_photo WHERE product_id = ?',
    [other.id],
  );
  const path = `/shop/photos/${row!.photo}-640.webp`;
  expect((await visit(`/tienda/p/obra-${other.mark}-${other.id}`)).text).toContain(`src="${path}"`);
  const shown = await visit(path);
  expect([shown.status, shown.headers['content-type'], shown.headers['cache-control']]).toEqual([
    200,
    'image/webp',
    'public, max-age=86400',
  ]);
  expect((await visit(path).set('If-None-Match', shown.headers.etag!)).status).toBe(304);
  await primary.query('UPDATE product SET on_sale = 0 WHERE id = ?', [other.id]);
  await replicaHasAll(stack);
  expect((await visit(path)).status).toBe(404);
  expect((await visit(path).set('If-None-Match', shown.headers.etag!)).status).toBe(404);
  expect((await visit('/shop/photos/none-640.webp')).status).toBe(404);
});

test('staff tick a box to put a product on sale, and filter the list by it', async () => {
  const { id, code } = await client.register({ name: 'Por vender' });
  const form = (await client.get(`/products/${id}/edit`)).text;
  expect(form).toMatch(/<input type="hidden" name="onSale" value="no">/);
  expect(form).not.toMatch(/name="onSale" value="yes"[^>]*checked/);
  const fields = { name: 'Por vender', code, quantity: 5, unit: 'unidad', category: 'Otros', version: 1 };
  const body = new URLSearchParams({ ...fields, version: '1', quantity: '5', _csrf: client.token });
  body.append('onSale', 'no');
  body.append('onSale', 'yes');
  const saved = await client.agent.post(`/products/${id}`).type('form').send(body.toString());
  expect(saved.status).toBe(303);
  expect((await client.findByCode(code)).onSale).toBe(1);
  expect((await client.search({ search: code, onSale: 'yes' })).total).toBe(1);
  expect((await client.search({ search: code, onSale: 'no' })).total).toBe(0);
  expect((await client.get(`/products/${id}/edit`)).text).toMatch(/name="onSale" value="yes"[^>]*checked/);
});
