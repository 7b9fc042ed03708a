import { expect, test } from '@jest/globals';
import { DEMO_BOOKS } from '../../src/demo/demo-books.ts';
import { readBarcode } from '../../src/products/barcodes.ts';
import { productFields } from '../../src/products/product-fields.ts';
import { cardNames, visit } from './on-sale.ts';

test('the books of the demonstration are some forty that could be real', () => {
  expect(DEMO_BOOKS.length).toBeGreaterThanOrEqual(40);
  for (const key of ['code', 'isbn', 'title', 'description'] as const)
    expect(new Set(DEMO_BOOKS.map((book) => book[key])).size).toBe(DEMO_BOOKS.length);
  for (const book of DEMO_BOOKS) {
    expect(readBarcode(book.isbn)).toEqual({ value: book.isbn });
    const { shape } = productFields;
    for (const [rule, value] of [
      [shape.name, book.title],
      [shape.description, book.description],
      [shape.authors, book.authors],
      [shape.publisher, book.publisher],
      [shape.barcodes, book.isbn],
    ] as const) {
      expect(rule.parse(value)).toBe(value);
    }
    expect(book.description.length).toBeGreaterThan(80);
  }
});

test('the shop offers them', async () => {
  const { text } = await visit('/tienda/buscar?q=gald%C3%B3s&sort=name');
  expect(cardNames(text)).toEqual(['Fortunata y Jacinta', 'Marianela', 'Misericordia']);
  expect(text).toContain('Últimas 4 unidades');
  expect(text).toContain('Agotado');
});
