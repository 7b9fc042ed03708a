import { beforeAll, expect, test } from '@jest/globals';
import { SITEMAP_SIZE } from '../../src/shop/catalogue-queries.ts';
import { Client } from '../support/client.ts';
import { putOnSale, visit, type OnSale } from './on-sale.ts';

let product: OnSale;
let hidden: { id: number };

beforeAll(async () => {
  const client = await Client.signedIn();
  hidden = await client.register({ name: 'Nunca en venta', price: '1,00' });
  product = await putOnSale(client, { name: 'Cañas & barro' });
});

const locations = (xml: string) => Array.from(xml.matchAll(/<loc>([^<]*)<\/loc>/g), ([, loc]) => loc!);
const pathIn = (location: string) => new URL(location.replaceAll('&amp;', '&')).pathname;

test('the index leads to every page that is to be found, in both languages', async () => {
  const index = await visit('/shop/sitemap.xml');
  expect([index.status, index.headers['content-type']]).toEqual([200, 'application/xml; charset=utf-8']);
  const pages: string[] = [];
  for (const location of locations(index.text)) {
    const file = await visit(pathIn(location));
    expect([location, file.status]).toEqual([location, 200]);
    const found = locations(file.text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(2 * SITEMAP_SIZE);
    pages.push(...found.map(pathIn));
  }
  expect(pages).toEqual(
    expect.arrayContaining([
      ...['/tienda', '/shop', '/tienda/productos', '/shop/products', '/tienda/categoria/novela'],
      ...[`/tienda/p/canas-barro-${product.id}`, `/shop/p/canas-barro-${product.id}`],
    ]),
  );
  expect(pages.filter((path) => path.endsWith(`-${hidden.id}`))).toEqual([]);
  expect(new Set(pages).size).toBe(pages.length);
});

test('each address names its languages and when it changed', async () => {
  const place = Math.floor(product.id / SITEMAP_SIZE);
  const { text } = await visit(`/shop/sitemaps/products-${place}.xml`);
  const [entry] = new RegExp(`<url><loc>[^<]*/shop/p/canas-barro-${product.id}</loc>.*?</url>`).exec(text)!;
  expect(entry).toMatch(/<lastmod>\d{4}-\d\d-\d\dT[\d:.]+Z<\/lastmod>/);
  expect(entry).toMatch(/hreflang="es" href="[^"]*\/tienda\/p\/canas-barro-/);
  expect(entry).toMatch(/hreflang="en" href="[^"]*\/shop\/p\/canas-barro-/);
});

test.each(['products-800000.xml', 'products-01.xml', 'products-x.xml', 'x.xml'])(
  'there is no sitemap %s',
  async (file) => {
    expect((await visit(`/shop/sitemaps/${file}`)).status).toBe(404);
  },
);

test('robots are led to the shop only', async () => {
  const { text, headers } = await visit('/robots.txt');
  expect(headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(text).toMatch(/^User-agent: \*$/m);
  for (const line of ['Allow: /tienda', 'Allow: /shop', 'Disallow: /', 'Disallow: /tienda/carrito'])
    expect(text.split('\n')).toContain(line);
  expect(text).toMatch(/^Sitemap: http:\/\/.*\/shop\/sitemap\.xml$/m);
});
