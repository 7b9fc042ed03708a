import { beforeAll, expect, test } from '@jest/globals';
import { Client, uniqueCode } from '../support/client.ts';

let client: Client;
const mark = uniqueCode();

beforeAll(async () => {
  client = await Client.signedIn();
  await client.register({
    code: mark,
    name: 'Zapato de ante',
    description: 'Suela de goma',
    category: 'Ropa',
  });
  await client.register({ code: `${mark}-B`, name: 'Botín', description: `Como el ${mark}`, quantity: 0 });
  await client.register({
    code: `X${mark}`,
    name: `${mark} primero`,
    description: 'Camión 100% de_lana',
    unit: 'caja',
  });
  await client.register({
    code: `Y${mark}`,
    name: 'Cañón de montaña 🏔️',
    description: `O'Higgins "el ${mark}"`,
  });
});

const names = async (query: Record<string, string | number>) =>
  (await client.search(query)).items.map(({ name }) => name);

test('puts the exact code first, then what begins with the text, then the rest', async () => {
  expect(await names({ search: mark.toLowerCase() })).toEqual([
    'Zapato de ante',
    `${mark} primero`,
    'Botín',
    'Cañón de montaña 🏔️',
  ]);
});

test('finds all words anywhere, in any order, ignoring case and accents', async () => {
  expect(await names({ search: `GOMA zapáto ${mark}` })).toEqual(['Zapato de ante']);
  expect(await names({ search: `${mark} camion lana` })).toEqual([`${mark} primero`]);
  expect(await names({ search: `${mark} ropa` })).toEqual(['Zapato de ante']);
  expect(await names({ search: `${mark} goma lana` })).toEqual([]);
});

test('says that nothing was found', async () => {
  const { text } = await client.get('/products?search=xyzzy-xyzzy');
  expect(text).toMatch(/id="total"[^>]*>Sin resultados</);
});

test('n finds ñ too, after exact matches; ñ finds only ñ', async () => {
  for (const name of ['Zanuco de luz', 'Zañuco', 'Soporte de zañuco', 'Luz zanuco', 'Año de zumo']) {
    await client.register({ name });
  }
  expect(await names({ search: 'zanuco' })).toEqual([
    'Zanuco de luz',
    'Luz zanuco',
    'Zañuco',
    'Soporte de zañuco',
  ]);
  expect(await names({ search: 'ZAÑUCO', sort: 'name' })).toEqual(['Soporte de zañuco', 'Zañuco']);
  expect(await names({ search: 'ano zumo' })).toEqual(['Año de zumo']);
  const decomposed = 'cañón'.normalize('NFD');
  expect(await names({ search: `${mark} ${decomposed}` })).toEqual(['Cañón de montaña 🏔️']);
  expect(await names({ search: `${mark} moñtana` })).toEqual([]);
});

test('separators do not matter in codes and part numbers, whether typed or stored', async () => {
  const number = Date.now();
  const codes = [`ELE-${number}`, `ELE${number}X`, `el/e ${number}.Y`];
  for (const code of codes) await client.register({ code, name: 'Con código' });
  await client.register({ name: `Cable para ELE_${number} negro` });
  await client.register({ name: 'Cable', description: `Sustituye a E.L.E ${number}, 2.5 mm` });
  for (const search of [
    `ele${number}`,
    `ELE-${number}`,
    `e l e ${number}`,
    `E/LE_${number}`,
    `ele-.${number}`,
  ]) {
    expect((await names({ search })).slice(-2)).toEqual(['Cable', `Cable para ELE_${number} negro`]);
    const { items } = await client.search({ search, limit: 3 });
    expect(items.map(({ code }) => code).sort()).toEqual(codes.toSorted());
  }
  // The code itself comes first, then the same code with other separators.
  const first = async (search: string) => (await client.search({ search })).items[0]!.code;
  await client.register({ code: `ELE${number}`, name: 'Sin guión' });
  await client.register({ code: `ELE.${number}`, name: 'Con punto' });
  expect(await first(`ele-${number}`)).toBe(`ELE-${number}`);
  expect(await first(`ele${number}`)).toBe(`ELE${number}`);
  expect(await first(`ele/${number}`)).toBe(`ELE.${number}`);
  expect(await names({ search: `2,5mm ${number}` })).toEqual([]);
  expect(await names({ search: `25mm ${number}` })).toEqual(['Cable']);
});

test('finds every code that saving calls taken, however it is typed', async () => {
  const code = `ZQ${Date.now()}`;
  await client.register({ code, name: 'Straße d’Or' });
  for (const typed of [
    `${code}\u200B`,
    `\uFEFF${code}`,
    `Z\u00ADQ\u2060${code.slice(2)}`,
    `Ｚ${code.slice(1)}`,
  ]) {
    const response = await client.post('/products', {
      code: typed,
      name: 'Otra',
      quantity: 1,
      unit: 'u',
      category: 'Otros',
    });
    expect([typed, response.status]).toEqual([typed, 422]);
    expect([typed, await names({ search: typed })]).toEqual([typed, ['Straße d’Or']]);
  }
  for (const typed of [
    `ZQ\u2011${code.slice(2)}`,
    `ZQ–${code.slice(2)}`,
    `${code} d'or`,
    `${code} STRASSE`,
  ]) {
    expect([typed, await names({ search: typed })]).toEqual([typed, ['Straße d’Or']]);
  }
});

test('a search of nothing but invisible characters is none', async () => {
  const { total } = await client.search({ limit: 1 });
  expect((await client.search({ search: '\u200B\u00AD', limit: 1 })).total).toBe(total);
});

test('in other texts separators do matter: words do not run into each other', async () => {
  expect(await names({ search: `${mark} Zapatode` })).toEqual([]);
  expect(await names({ search: `${mark} delana` })).toEqual([]);
  expect(await names({ search: `${mark} go-ma` })).toEqual([]);
});

test('treats %, _, quotes, backslashes and emoji as plain text', async () => {
  expect(await names({ search: `${mark} 100%` })).toEqual([`${mark} primero`]);
  expect(await names({ search: `${mark} de_lana` })).toEqual([`${mark} primero`]);
  expect(await names({ search: `${mark} a_te` })).toEqual([]);
  expect(await names({ search: `${mark} %` })).toEqual([`${mark} primero`]);
  expect(await names({ search: `O'Higgins "el ${mark}"` })).toEqual(['Cañón de montaña 🏔️']);
  expect(await names({ search: `${mark} 🏔️` })).toEqual(['Cañón de montaña 🏔️']);
  expect(await names({ search: `${mark} \\` })).toEqual([]);
});

test('filters by category and availability, and finds the texts of the badge', async () => {
  expect(await names({ search: mark, category: 'Ropa' })).toEqual(['Zapato de ante']);
  expect(await names({ search: mark, availability: 'out_of_stock' })).toEqual(['Botín']);
  expect(await names({ search: `${mark} agotado` })).toEqual(['Botín']);
  expect(await names({ search: `${mark} out of stock` })).toEqual(['Botín']);
  expect(await names({ search: `${mark} disponible` })).not.toContain('Botín');
});

test('finds an availability by a prefix, and other words as text', async () => {
  for (const typed of ['agot', 'AGOTÁD', 'agotado', 'out of', 'out of stock']) {
    expect(await names({ search: `${mark} ${typed}` })).toEqual(['Botín']);
  }
  expect(await names({ search: `${mark} constructor` })).toEqual([]);
  expect(await names({ search: `${mark} a b c d e f g h i j k zzqq` })).toEqual([]);
});

test('sorts by any column, both ways', async () => {
  expect(await names({ search: mark, sort: 'name' })).toEqual([
    'Botín',
    'Cañón de montaña 🏔️',
    `${mark} primero`,
    'Zapato de ante',
  ]);
  expect((await names({ search: mark, sort: '-name' }))[0]).toBe('Zapato de ante');
  for (const sort of [
    'number',
    'code',
    'description',
    'category',
    'quantity',
    'unit',
    'price',
    'availability',
  ]) {
    const up = await names({ search: mark, sort });
    expect((await names({ search: mark, sort: `-${sort}` })).reverse()).toEqual(up);
  }
});

test('pages by cursor through every product once, whatever the sort', async () => {
  for (const sort of ['', 'name', '-quantity', 'price', 'category', 'availability']) {
    const seen: number[] = [];
    let cursor: string | null = '';
    let total = 0;
    do {
      const query: Record<string, string | number> = {
        category: 'Libros',
        limit: 20,
        ...(sort && { sort }),
        ...(cursor && { cursor }),
      };
      const page = await client.search(query);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      total = page.total;
    } while (cursor);
    expect(seen.length).toBe(total);
    expect(new Set(seen).size).toBe(total);
  }
});

test('returns the fields that API clients rely on', async () => {
  const { items, total, totalIsExact, nextCursor } = await client.search({ search: mark, limit: 1 });
  expect({ total, totalIsExact }).toEqual({ total: 4, totalIsExact: true });
  expect(nextCursor).toEqual(expect.any(String));
  expect(Object.keys(items[0]!).sort()).toEqual([
    'authors',
    'available',
    'barcodes',
    'binding',
    'category',
    'code',
    'cost',
    'description',
    'id',
    'language',
    'level',
    'location',
    'minimumStock',
    'name',
    'notes',
    'onSale',
    'orderQuantity',
    'pages',
    'price',
    'publisher',
    'quantity',
    'supplier',
    'supplierCode',
    'tags',
    'taxRate',
    'thumbnail',
    'unit',
    'updatedAt',
    'version',
    'weight',
    'year',
  ]);
});

test('rejects an invalid query and names the parameter', async () => {
  for (const [name, value] of [
    ['availability', 'some'],
    ['sort', 'cost'],
    ['minPrice', 'x'],
    ['maxPrice', '-1'],
    ['limit', '0'],
    ['limit', '201'],
    ['cursor', 'x'],
    ['search', 'a'.repeat(101)],
  ]) {
    const response = await client.get('/api/products').query({ [name!]: value });
    expect(response.status).toBe(400);
    expect(Object.keys((response.body as { errors: object }).errors)).toEqual([name]);
  }
});

test('accepts every cursor it has issued, and rejects forged ones and those of another order', async () => {
  for (const digit of [1, 2, 3]) await client.register({ description: `${'字'.repeat(499)}${digit}` });
  const first = await client.search({ search: '字', sort: '-description', limit: 1 });
  const second = await client.search({
    search: '字',
    sort: '-description',
    limit: 1,
    cursor: first.nextCursor!,
  });
  expect(second.items[0]!.description).toMatch(/2$/);
  const forged = Buffer.from(JSON.stringify(['after', 'quantity', 'abc', 5])).toString('base64url');
  for (const query of [
    { sort: 'name', cursor: first.nextCursor! },
    { sort: 'quantity', cursor: forged },
  ]) {
    expect((await client.get('/api/products').query(query)).status).toBe(400);
  }
});

test('the page has 50 rows, keeps its filter in the address, and pages forward and back', async () => {
  const first = await client.get('/products?sort=code&category=Libros');
  const rows = (html: string) =>
    [...html.matchAll(/<tr data-product="(\d+)"/g)].map(([, id]) => Number(id)).filter(Boolean);
  expect(rows(first.text)).toHaveLength(50);
  expect(first.text).toContain('<option value="Libros" selected>');
  const link = (html: string, rel: string) =>
    new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&');
  expect(link(first.text, 'prev')).toBeUndefined();
  const second = await client.get(link(first.text, 'next')!);
  expect(rows(second.text).length).toBeGreaterThan(0);
  const back = await client.get(link(second.text, 'prev')!);
  expect(rows(back.text)).toEqual(rows(first.text));
  expect(link(back.text, 'prev')).toBeUndefined();
});

test('truncates an overlong search, even within a character', async () => {
  const response = await client.get('/products').query({ search: `${'a'.repeat(99)}🏔️` });
  expect(response.status).toBe(200);
  expect(response.text).toContain('a'.repeat(99));
});
