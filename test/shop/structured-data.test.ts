import { expect, test } from '@jest/globals';
import { plainUnit } from '../../src/products/unit-queries.ts';
import type { ShopProduct } from '../../src/shop/catalogue-queries.ts';
import { stockOf } from '../../src/shop/shop-stock.ts';
import { breadcrumbData, inScript, productData } from '../../src/shop/structured-data.ts';

const PLACE = {
  site: 'https://tienda.example',
  url: 'https://tienda.example/tienda/p/niebla-5',
  currency: { code: 'USD', decimals: 2 },
};

function product(changes: Partial<ShopProduct> = {}): ShopProduct {
  return {
    ...{ id: 5, name: 'Niebla', code: 'BIB-0011', description: 'Nivola.', category: 'Novela' },
    ...{ authors: ['Miguel de Unamuno'], publisher: 'Sur', year: 1914, pages: 272, language: 'es' },
    ...{ binding: 'pocket', isbn: '9789999900770', gtins: [], isBook: true, price: 950, taxRate: 0 },
    ...{ weight: 210, photo: undefined, updatedAt: new Date(0), stock: stockOf(3, plainUnit('ejemplar')) },
    seller: null,
    photos: [{ page: '/shop/photos/a-640.webp', full: '/shop/photos/a-1600.webp' }],
    ...changes,
  };
}

test('a book is a Product and a Book with an Offer', () => {
  expect(productData(product(), PLACE)).toEqual({
    '@context': 'https://schema.org',
    '@type': ['Product', 'Book'],
    '@id': PLACE.url,
    url: PLACE.url,
    name: 'Niebla',
    description: 'Nivola.',
    sku: 'BIB-0011',
    category: 'Novela',
    image: ['https://tienda.example/shop/photos/a-1600.webp'],
    weight: { '@type': 'QuantitativeValue', value: 210, unitCode: 'GRM' },
    isbn: '9789999900770',
    gtin13: '9789999900770',
    author: [{ '@type': 'Person', name: 'Miguel de Unamuno' }],
    publisher: { '@type': 'Organization', name: 'Sur' },
    datePublished: '1914',
    numberOfPages: 272,
    inLanguage: 'es',
    bookFormat: 'https://schema.org/Paperback',
    offers: {
      '@type': 'Offer',
      url: PLACE.url,
      price: '9.50',
      priceCurrency: 'USD',
      priceSpecification: {
        '@type': 'UnitPriceSpecification',
        price: '9.50',
        priceCurrency: 'USD',
        valueAddedTaxIncluded: true,
      },
      availability: 'https://schema.org/LimitedAvailability',
      itemCondition: 'https://schema.org/NewCondition',
    },
  });
});

test('what is no book has no properties of books, nor empty ones', () => {
  const lamp = product({
    ...{ isBook: false, authors: [], publisher: '', year: 0, pages: 0, language: '', binding: '' },
    ...{ isbn: undefined, gtins: ['4006381333931'], weight: null, description: '', photos: [] },
    stock: stockOf(0, plainUnit('unidad')),
  });
  const data = productData(lamp, { ...PLACE, currency: { code: 'COP', decimals: 0 } });
  expect(Object.keys(data).sort()).toEqual(
    ['@context', '@type', '@id', 'url', 'name', 'sku', 'category', 'gtin', 'offers'].sort(),
  );
  expect(data).toMatchObject({
    '@type': 'Product',
    gtin: '4006381333931',
    offers: { price: '950', priceCurrency: 'COP', availability: 'https://schema.org/OutOfStock' },
  });
});

test('breadcrumbs count from one and end with the page', () => {
  const crumbs = [{ name: 'Inicio', href: '/tienda' }, { name: 'Niebla' }];
  expect(breadcrumbData(crumbs, PLACE).itemListElement).toEqual([
    { '@type': 'ListItem', position: 1, name: 'Inicio', item: 'https://tienda.example/tienda' },
    { '@type': 'ListItem', position: 2, name: 'Niebla', item: PLACE.url },
  ]);
});

test('nothing in a text ends the script', () => {
  const data = { name: '</script><script>alert(1)</script>\u2028' };
  expect(inScript(data)).not.toMatch(/<|\u2028/);
  expect(JSON.parse(inScript(data))).toEqual(data);
});

test.each([
  [-1, 'out'],
  [0, 'out'],
  [0.5, 'last'],
  [5, 'last'],
  [5.5, 'in'],
])('%d left is %s', (left, state) => {
  expect(stockOf(left, plainUnit('kg')).state).toBe(state);
});
