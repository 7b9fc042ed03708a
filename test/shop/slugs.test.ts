import { expect, test } from '@jest/globals';
import { languageOfPath, pathOf, routesOf } from '../../src/shop/shop-paths.ts';
import { idOfSlug, productSlug, slugOf, withSlugs } from '../../src/shop/slugs.ts';

test.each([
  ['El niño y la Ñ', 'el-nino-y-la-n'],
  ['¿Qué? ¡Más!', 'que-mas'],
  ['Straße & Ærø', 'strasse-aero'],
  ['Война и мир', 'воина-и-мир'],
  ['  ½ kg  ', '1-2-kg'],
  ['***', ''],
])('%s becomes %s', (text, slug) => {
  expect(slugOf(text)).toBe(slug);
});

test('a slug has whole words, and not too many', () => {
  const slug = slugOf('palabra '.repeat(40));
  expect(slug.length).toBeLessThanOrEqual(80);
  expect(slug).toMatch(/^(palabra-)*palabra$/);
});

test('the number of a product is read from its slug, whatever the name', () => {
  expect(productSlug({ id: 12, name: 'Capítulo 3' })).toBe('capitulo-3-12');
  expect(productSlug({ id: 12, name: '***' })).toBe('12');
  expect(['capitulo-3-12', '12', 'x-012', 'capitulo', '', 'x-99999999999'].map(idOfSlug)).toEqual([
    12,
    12,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('every category has a slug of its own, which others cannot take from it', () => {
  const categories = [
    { id: 3, name: 'Té' },
    { id: 7, name: 'Te' },
    { id: 9, name: '!' },
  ];
  const slugs = withSlugs(categories).map(({ slug }) => slug);
  expect(slugs).toEqual(['te', 'te-7', '9']);
  expect(withSlugs(categories.slice(1)).map(({ slug }) => slug)).toEqual(['te', '9']);
});

test('addresses name pages in the language of their first part', () => {
  expect(pathOf('es', 'category', { category: 'té/1' })).toBe('/tienda/categoria/t%C3%A9%2F1');
  expect(pathOf('en', 'cart')).toBe('/shop/cart');
  expect(routesOf('order')).toEqual(['/tienda/pedidos/:number', '/shop/orders/:number']);
  expect(['/tienda', '/Shop/x', '/tiendas', '/'].map(languageOfPath)).toEqual([
    'es',
    'en',
    undefined,
    undefined,
  ]);
});
