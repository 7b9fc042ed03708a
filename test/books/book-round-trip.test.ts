import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Connection } from 'mysql2/promise';
import { findLoss } from '../../src/imports/lost-value.ts';
import { findChoice, listChoices } from '../../src/products/book-choices.ts';
import { BOOK_FIELDS, productFields } from '../../src/products/product-fields.ts';
import { formText, shownText } from '../../src/products/field-texts.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, download, preview } from '../support/import-files.ts';
import { removeProducts } from '../support/removed-products.ts';
import { stack } from '../support/shared-stack.ts';

const mark = uniqueCode();
const CATEGORY = `Ida y vuelta ${mark}`;
const BOOKS = 40;

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(async () => {
  await removeProducts(primary, mark);
  await primary.query('DELETE FROM category WHERE name = ?', [CATEGORY]);
  await primary.end();
});

const choice = (kind: 'language' | 'binding') =>
  fc.constantFrom('', ...listChoices(kind, 'es').map(([code]) => code));
/** Without what stands for a lost character or value, about which an import asks. */
const name = fc
  .string({ unit: 'grapheme', maxLength: 15 })
  .filter((text) => !text.includes('\uFFFD') && findLoss(text) === undefined);

const book = fc.record({
  authors: fc.array(name, { maxLength: 4 }).map((names) => names.join(';')),
  publisher: name,
  year: fc.oneof(fc.constant(0), fc.integer({ min: 1400, max: new Date().getFullYear() + 2 })),
  pages: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 99_999 })),
  language: choice('language'),
  binding: choice('binding'),
});

test('what a form holds and what a page shows of a book is read as the same again', () => {
  fc.assert(
    fc.property(book, fc.constantFrom('es' as const, 'en' as const), (typed, language) => {
      for (const { key } of BOOK_FIELDS) {
        const rule = productFields.shape[key];
        const value = rule.parse(typed[key]);
        expect(rule.parse(formText(key, value, language))).toBe(value);
        expect(rule.parse(shownText(key, value, language))).toBe(value);
      }
    }),
  );
});

test('a name of a choice in one language is no other in the other', () => {
  for (const kind of ['language', 'binding'] as const) {
    const names = (['es', 'en'] as const).flatMap((language) => listChoices(kind, language));
    for (const [code, text] of names) expect([text, findChoice(kind, text)]).toEqual([text, code]);
  }
});

test.each([
  ['xlsx', 'es'],
  ['xlsx', 'en'],
  ['csv', 'es'],
  ['csv', 'en'],
] as const)('exported and imported again, no book has changed: %s in %s', async (format, language) => {
  const books = fc.sample(book, BOOKS);
  const start = `${mark}-${format}-${language}`;
  const fields = { category: '__other__', newCategory: CATEGORY, name: 'Obra' };
  for (const [index, typed] of books.entries()) {
    const texts = { year: typed.year || '', pages: typed.pages || '' };
    await client.register({ ...fields, ...typed, ...texts, code: `${start}-${index}` });
  }
  const file = await download(client, `/products/export.${format}?search=${start}`, language);
  const again = await preview(client, file, `libros.${format}`);
  expect(again.totals).toEqual({ changed: 0, new: 0, unchanged: BOOKS, wrong: 0 });

  const before = (await client.search({ search: start, limit: 200 })).items;
  await removeProducts(primary, start);
  const anew = await preview(client, file, `libros.${format}`);
  expect(anew.totals).toMatchObject({ new: BOOKS, wrong: 0 });
  await apply(client, anew.id);
  const after = (await client.search({ search: start, limit: 200 })).items;
  const bookOf = (product: (typeof after)[number]) => BOOK_FIELDS.map(({ key }) => product[key]);
  const byCode = (items: typeof after) => new Map(items.map((item) => [item.code, bookOf(item)]));
  expect(byCode(after)).toEqual(byCode(before));
});
