import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { recogniseColumns } from '../../src/imports/import-fields.ts';
import { SORT_COLUMNS } from '../../src/product-list/list-columns.ts';
import { findChoice, listChoices } from '../../src/products/book-choices.ts';
import { NO_BOOK } from '../../src/products/book-queries.ts';
import { productFields } from '../../src/products/product-fields.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, page, preview, problems, readAgain, waitForRest } from '../support/import-files.ts';
import { createPerson } from '../support/people.ts';
import { removeProducts } from '../support/removed-products.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const mark = uniqueCode();
const CATEGORY = `Libros ${mark}`;
const AUTHORS = `García Núñez, Ana ${mark}; Løvenskiold, Bo; O'Hara & “Luz”`;
const BOOK = {
  ...{ authors: AUTHORS, publisher: `Peñón ${mark}`, year: 1999, pages: 1250 },
  ...{ language: 'es', binding: 'paperback' },
};

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

const inCategory = { category: '__other__', newCategory: CATEGORY };
const add = (part: string, fields: Record<string, string | number> = {}) =>
  client.register({ ...inCategory, code: `${mark}-${part}`, name: `Obra ${part}`, ...fields });
const codes = async (query: Record<string, string | number>) =>
  (await client.search(query)).items.map(({ code }) => code.replace(`${mark}-`, '')).sort();

async function query(text: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  return (await primary.query<RowDataPacket[]>(text, values))[0];
}

interface StoredBook {
  book: RowDataPacket | undefined;
  is_book: 0 | 1;
  credits: string;
}

/** What the database has of a book: its row, and what `product` keeps of it. */
async function storedBook(id: number): Promise<StoredBook> {
  const [book] = await query('SELECT * FROM book WHERE product_id = ?', [id]);
  const [product] = await query('SELECT is_book, credits FROM product WHERE id = ?', [id]);
  return { book, ...(product as Pick<StoredBook, 'is_book' | 'credits'>) };
}

const save = (id: number, fields: Record<string, string | number>) =>
  client.post(`/products/${id}`, {
    ...{ name: 'Obra', quantity: 5, unit: 'unidad', category: CATEGORY, version: 1, ...fields },
  });

test('a product is a book while it has any such value, and only then has a row in book', async () => {
  const { id, code } = await add('fila');
  expect(await storedBook(id)).toEqual({ book: undefined, is_book: 0, credits: '' });
  expect(await client.findByCode(code)).toMatchObject(NO_BOOK);
  expect((await save(id, { code, pages: 7, barcodes: '' })).status).toBe(303);
  expect(await storedBook(id)).toMatchObject({ book: { pages: 7, authors: '' }, is_book: 1, credits: '' });
  expect((await save(id, { code, ...BOOK, version: 2 })).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject(BOOK);
  expect(await storedBook(id)).toMatchObject({ is_book: 1, credits: `${AUTHORS}\n${BOOK.publisher}` });
  const none = { authors: '', publisher: ' ', year: '', pages: '', language: '', binding: '' };
  expect((await save(id, { code, ...none, version: 3 })).status).toBe(303);
  expect(await storedBook(id)).toEqual({ book: undefined, is_book: 0, credits: '' });
});

test('a form that does not know books leaves one as it is', async () => {
  const { id, code } = await add('anterior', BOOK);
  expect((await save(id, { code, name: 'Otro nombre' })).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ name: 'Otro nombre', ...BOOK });
});

test('authors are a list in order, each once, with the commas that people write', () => {
  const { authors } = productFields.shape;
  expect(authors.parse(' Paz, Octavio;;  Sor Juana \n paz, octavio| Rulfo ')).toBe(
    'paz, octavio; Sor Juana; Rulfo',
  );
  expect(authors.parse(undefined)).toBe('');
});

test('the page of a book has links to its authors and the rest; that of another product says nothing', async () => {
  const { id } = await add('página', BOOK);
  const { text } = await client.get(`/products/${id}`);
  expect(text).toMatch(/<h2[^>]* id="book">Libro<\/h2>/);
  expect(text).toContain('<dt>Autores</dt>');
  expect(text).toContain(`href="/products?author=Garc%C3%ADa+N%C3%BA%C3%B1ez%2C+Ana+${mark}"`);
  expect(text).toContain('href="/products?language=es">Español</a>');
  expect(text).toContain('href="/products?year=1999">1999</a>');
  expect(text).toContain('>Rústica</a>');
  expect(text).toContain('<dd>1250</dd>');
  const english = await client.agent.get(`/products/${id}`).set('Accept-Language', 'en');
  expect(english.text).toContain('>Paperback</a>');
  const { id: other } = await add('lámpara');
  expect((await client.get(`/products/${other}`)).text).not.toContain('id="book"');
});

test('the part for books is folded in the form, and open for a book and for an ISBN', async () => {
  const isOpen = (text: string) => /<details class="more-fields" id="book-fields"[^>]*\sopen\s*>/.test(text);
  expect(isOpen((await client.get('/products/new')).text)).toBe(false);
  const { id } = await add('abierto', { binding: 'spiral' });
  const form = (await client.get(`/products/${id}/edit`)).text;
  expect(isOpen(form)).toBe(true);
  expect(form).toContain('<option value="spiral" selected>Espiral</option>');
  const { id: withIsbn } = await add('isbn', { barcodes: '978-84-376-0494-7' });
  expect(isOpen((await client.get(`/products/${withIsbn}/edit`)).text)).toBe(true);
  const { id: other } = await add('ean', { barcodes: '2000000000046' });
  expect(isOpen((await client.get(`/products/${other}/edit`)).text)).toBe(false);
});

test('what does not fit is refused beside its field in both languages, and stays as typed', async () => {
  const { id, code } = await add('mal');
  const maximum = new Date().getFullYear() + 2;
  const wrong = {
    ...{ authors: 'x'.repeat(301), publisher: 'x'.repeat(101), year: '1399', pages: '0,5' },
    ...{ language: 'klingon', binding: 'piel' },
  };
  const refused = await save(id, { code, ...wrong });
  expect(refused.status).toBe(422);
  for (const name of Object.keys(wrong)) expect(refused.text).toContain(`id="${name}-error"`);
  expect(refused.text).toContain(`Escriba un año de 1400 a ${maximum}`);
  expect(refused.text).toContain('value="1399"');
  expect(refused.text).toContain('value="0,5"');
  expect(refused.text).toContain('<option value="klingon" selected>');
  await client.get('/language/en?return=/products');
  const inEnglish = await save(id, { code, year: String(maximum + 1), pages: '100000' });
  await client.get('/language/es?return=/products');
  expect(inEnglish.text).toContain(`Enter a year from 1400 to ${maximum}`);
  expect(inEnglish.text).toContain('from 1 to 99,999');
  for (const [key, accepted, refusedValues] of [
    ['year', ['1400', String(maximum), ''], ['1399', String(maximum + 1), '99', 'MCMXC', '-1900']],
    ['pages', ['1', '99999', ''], ['100000', '1.5', '-1', 'muchas']],
  ] as const) {
    const { [key]: rule } = productFields.shape;
    for (const text of accepted) expect([key, text, rule.safeParse(text).success]).toEqual([key, text, true]);
    for (const text of refusedValues)
      expect([key, text, rule.safeParse(text).success]).toEqual([key, text, false]);
  }
});

test('changes are in the audit trail as people read them, and conflicts name them', async () => {
  const { id, code } = await add('historia', BOOK);
  const edit = { code, ...BOOK, language: 'en', year: 2001 };
  expect((await save(id, edit)).status).toBe(303);
  const { text } = await client.get('/audit?kind=product');
  expect(text).toContain('Español');
  expect(text).toContain('Inglés');
  expect(text).toContain('2001');
  const late = await save(id, { code, ...BOOK, year: 2002, 'was.year': 1999 });
  expect(late.status).toBe(409);
  expect(late.text).toContain('name="seen.year" value="2001"');
});

test('a copy is the same book, and the next product keeps publisher, language and binding', async () => {
  const { id } = await add('copia', BOOK);
  const copy = (await client.get(`/products/new?copy=${id}`)).text;
  expect(copy).toContain('value="1999"');
  expect(copy).toContain('value="1250"');
  const next = (await client.get(`/products/new?after=${id}`)).text;
  expect(next).toContain(`value="${BOOK.publisher}"`);
  expect(next).toContain('<option value="paperback" selected>');
  expect(next).not.toContain('value="1999"');
});

test('books are found by author and publisher, before and after they are indexed', async () => {
  const { id } = await add('buscar', BOOK);
  await add('otro', { description: `Nada de ${mark}` });
  const searches = [`nunez ana ${mark}`, `Peñón ${mark}`, `lovenskiold ${mark}`, `o'hara "luz" ${mark}`];
  for (const search of searches)
    expect([search, (await codes({ search })).includes('buscar')]).toEqual([search, true]);
  expect(await codes({ search: `nunez lovenskiold obra buscar ${mark}` })).toEqual(['buscar']);
  expect(await codes({ search: `ñunez ${mark} buscar` })).toEqual([]);
  await save(id, { code: `${mark}-buscar`, ...BOOK, authors: `Zapata ${mark}` });
  expect(await codes({ search: `zapata ${mark}` })).toEqual(['buscar']);
  expect(await codes({ search: `lovenskiold ${mark} buscar` })).toEqual([]);
});

test('author, publisher, year, language and binding are filters, in every order and with a search', async () => {
  const who = `Filtrada, Eva ${mark}`;
  const fields = { publisher: `Faro ${mark}`, year: 1987, language: 'qu', binding: 'pocket' };
  await add('uno', { ...fields, authors: `${who}; Segundo` });
  await add('dos', { ...fields, authors: `Primero; ${who}`, quantity: 0, year: 1988 });
  await add('tres', { ...fields, authors: `${who} Luisa`, publisher: `Faro ${mark} Sur`, language: 'es' });
  for (const sort of ['', ...SORT_COLUMNS]) {
    expect([sort, await codes({ author: who.toLowerCase(), sort })]).toEqual([sort, ['dos', 'uno']]);
    expect([sort, await codes({ publisher: `faro ${mark}`, sort })]).toEqual([sort, ['dos', 'uno']]);
    expect([sort, await codes({ year: 1987, search: mark, sort })]).toEqual([sort, ['tres', 'uno']]);
  }
  expect(await codes({ language: 'qu', category: CATEGORY })).toEqual(['dos', 'uno']);
  expect(await codes({ binding: 'pocket', search: `filtrada ${mark}` })).toEqual(['dos', 'tres', 'uno']);
  expect(await codes({ author: who, availability: 'available' })).toEqual(['uno']);
  expect(await codes({ author: '%' })).toEqual([]);
  expect(await codes({ author: 'Segundo', publisher: `Nadie ${mark}` })).toEqual([]);
  const { text } = await client.get('/products?language=qu&binding=pocket');
  expect(text).toContain('Idioma: Quechua');
  expect(text).toContain('Encuadernación: Bolsillo');
  for (const wrong of ['year=99', 'language=xx', 'binding=piel']) {
    expect((await client.get(`/api/products?${wrong}`)).status).toBe(400);
    expect((await client.get(`/products?${wrong}`)).status).toBe(200);
  }
});

test('the filters find what is indexed', async () => {
  const { id } = await add('índice', { authors: `Índice ${mark}`, year: 1776, language: 'la' });
  const indexed = `SELECT COUNT(*) AS pending FROM search_pending WHERE product_id = ?`;
  // Enough for an instance to index them.
  await primary.query(
    'INSERT INTO search_pending (product_id) SELECT ? FROM information_schema.columns LIMIT 600',
    [id],
  );
  await waitUntil(async () => (await query(indexed, [id]))[0]!.pending === 0);
  expect(await codes({ author: `indice ${mark}` })).toEqual(['índice']);
  expect(await codes({ year: 1776, language: 'la', search: mark })).toEqual(['índice']);
  expect(await codes({ search: `indice ${mark}` })).toEqual(['índice']);
});

test('the list shows the columns that a person chooses, with names for codes', async () => {
  const person = await createPerson(client, 'clerk');
  await add('columnas', BOOK);
  const columns = ['authors', 'publisher', 'year', 'pages', 'language', 'binding'];
  const body = [...columns.map((name) => `columns=${name}`), 'pageSize=50', `_csrf=${person.client.token}`];
  await person.client.agent.post('/list-choices').type('form').send(body.join('&'));
  const { text } = await person.client.get(`/products?search=${mark}-columnas`);
  expect(text).toMatch(/data-field="language" data-choice="language">Español<\/td>/);
  expect(text).toMatch(/data-field="year">1999<\/td>/);
  expect(text).toMatch(/data-field="binding"[^>]*>Rústica<\/td>/);
});

test('suggests publishers and first authors that begin with what was typed', async () => {
  await add('sugerir', { authors: `Ñandú, Tomás ${mark}; Otra`, publisher: `Ñuble ${mark}` });
  const suggest = async (field: string, text: string) => {
    const response = await client.agent.get('/api/books/suggestions').query({ field, text });
    return (response.body as { suggestions: string[] }).suggestions;
  };
  expect(await suggest('authors', 'ñandú, tomás')).toContain(`Ñandú, Tomás ${mark}`);
  expect(await suggest('publisher', `ÑUBLE ${mark}`)).toEqual([`Ñuble ${mark}`]);
  expect(await suggest('publisher', '%')).toEqual([]);
  expect(await suggest('authors', '')).toEqual([]);
  expect((await client.get('/api/books/suggestions?field=notes&text=a')).status).toBe(400);
  const viewer = await createPerson(client, 'viewer');
  expect((await viewer.client.get('/api/books/suggestions?field=authors&text=a')).status).toBe(403);
});

test('a deleted book is restored whole, and its row goes when it leaves the trash for good', async () => {
  const { id, code } = await add('papelera', BOOK);
  const before = await storedBook(id);
  await client.post(`/products/${id}/delete`);
  expect((await storedBook(id)).book).toEqual(before.book);
  await client.post(`/products/${id}/restore`);
  expect(await storedBook(id)).toEqual(before);
  await client.post(`/products/${id}/delete`);
  const edit = { name: 'Obra', code, quantity: 5, unit: 'unidad', category: CATEGORY, version: 2 };
  const saved = await client.post(`/products/${id}/restore-and-save`, { ...edit, ...BOOK, year: 2000 });
  expect(saved.status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ ...BOOK, year: 2000 });
  await client.post(`/products/${id}/delete`);
  await primary.query('DELETE FROM deleted_product WHERE id = ?', [id]);
  expect(await query('SELECT * FROM book WHERE product_id = ?', [id])).toEqual([]);
});

test('columns of an import are recognised in Spanish and English', () => {
  const keys = ['code', 'authors', 'publisher', 'year', 'language', 'binding', 'pages'];
  const spanish = ['Código', 'Autor', 'Editorial', 'Año', 'Idioma', 'Encuadernación', 'N.º de páginas'];
  expect(recogniseColumns(spanish)).toEqual(keys);
  const english = ['Code', 'Author(s)', 'Publisher', 'Publication year', 'Language', 'Binding', 'Pages'];
  expect(recogniseColumns(english)).toEqual(keys);
});

test('languages and bindings are recognised by their codes and names', () => {
  for (const [text, code] of [
    ...[
      ['castellano', 'es'],
      ['Inglés', 'en'],
      ['ENGLISH', 'en'],
      ['Deutsch', 'de'],
      ['pt-BR', 'pt'],
    ],
    ...[
      ['Kichwa', 'qu'],
      ['français', 'fr'],
      ['spa', 'es'],
      ['Español ', 'es'],
    ],
  ] as const)
    expect([text, findChoice('language', text)]).toEqual([text, code]);
  for (const [text, code] of [
    ...[
      ['Tapa blanda', 'paperback'],
      ['RUSTICA', 'paperback'],
      ['Hardcover', 'hardback'],
    ],
    ...[
      ['Cartoné', 'hardback'],
      ['bolsillo', 'pocket'],
      ['Spiral-bound', 'spiral'],
      ['E-book', 'digital'],
    ],
  ] as const)
    expect([text, findChoice('binding', text)]).toEqual([text, code]);
  expect(findChoice('language', 'klingon')).toBeUndefined();
  for (const language of ['es', 'en'] as const) {
    for (const kind of ['language', 'binding'] as const) {
      for (const [code, name] of listChoices(kind, language)) {
        expect([code, findChoice(kind, name), findChoice(kind, code)]).toEqual([code, code, code]);
      }
    }
  }
});

test('an import adds, changes and empties books, says what is wrong, and is undone', async () => {
  const { id, code } = await add('lote', BOOK);
  const { id: plain } = await add('lote-2');
  const file = [
    'Código;Nombre;Autores;Editorial;Año;Idioma;Encuadernación;Páginas',
    `${code};;"Nueva; Antigua";;2010;Inglés;tapa dura;`,
    `${mark}-lote-2;;;;1950;;;`,
    `${mark}-lote-3;Obra nueva;Sola;Faro;1999;portugués;ebook;1.250`,
    `${mark}-lote-4;Lámpara;;;;;;`,
    `${mark}-lote-5;Mala;;;123;klingon;piel;muchas`,
  ].join('\n');
  const read = await preview(client, file);
  expect(read.totals).toEqual({ changed: 2, new: 2, unchanged: 0, wrong: 1 });
  expect(await problems(client, read.id)).toHaveLength(4);
  const shown = await page(client, read.id, '?kind=changed');
  expect(shown).toContain('<del>Español</del>');
  expect(shown).toContain('<ins>Inglés</ins>');
  expect(shown).toContain('<del>1999</del>');
  await apply(client, read.id);
  const changed = { ...BOOK, authors: 'Nueva; Antigua', year: 2010, language: 'en', binding: 'hardback' };
  expect(await client.findByCode(code)).toMatchObject(changed);
  expect(await client.findByCode(`${mark}-lote-2`)).toMatchObject({ ...NO_BOOK, year: 1950 });
  const added = await client.findByCode(`${mark}-lote-3`);
  expect(added).toMatchObject({ authors: 'Sola', language: 'pt', binding: 'digital', pages: 1250 });
  expect((await storedBook(added.id)).credits).toBe('Sola\nFaro');
  const { id: lamp } = await client.findByCode(`${mark}-lote-4`);
  expect((await storedBook(lamp)).is_book).toBe(0);
  expect((await preview(client, file)).totals).toMatchObject({ changed: 0, unchanged: 4 });

  await client.post(`/imports/${read.id}/undo`, { _key: crypto.randomUUID() });
  await waitForRest(client, read.id);
  expect(await client.findByCode(code)).toMatchObject(BOOK);
  expect(await storedBook(plain)).toEqual({ book: undefined, is_book: 0, credits: '' });
  expect((await storedBook(added.id)).book).toMatchObject({ authors: 'Sola' });
  expect((await client.post(`/trash/${added.id}/restore`)).status).toBe(303);
  expect(await client.findByCode(`${mark}-lote-3`)).toMatchObject({ authors: 'Sola', pages: 1250 });
  expect((await storedBook(id)).credits).toBe(`${AUTHORS}\n${BOOK.publisher}`);
});

test('empty cells of an import erase a book only if that was asked for, and undoing brings it back', async () => {
  const { id, code } = await add('vaciar', BOOK);
  const file = `Código;Autores;Editorial;Año;Idioma;Encuadernación;Páginas\n${code};;;;;;`;
  const kept = await preview(client, file);
  expect(kept.totals).toMatchObject({ unchanged: 1 });
  const erasing = await readAgain(client, kept.id, { erases: 'yes' });
  expect(erasing.totals).toMatchObject({ changed: 1 });
  await apply(client, kept.id);
  expect(await storedBook(id)).toEqual({ book: undefined, is_book: 0, credits: '' });
  await client.post(`/imports/${kept.id}/undo`, { _key: crypto.randomUUID() });
  await waitForRest(client, kept.id);
  expect(await client.findByCode(code)).toMatchObject(BOOK);
});
