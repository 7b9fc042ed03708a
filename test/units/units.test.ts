import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, download, page, preview, problems, workbook } from '../support/import-files.ts';
import { createPerson } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const MARK = `zz${Date.now().toString(36)}`;

let client: Client;
let primary: Connection;
beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});
afterAll(async () => {
  await primary.query('DELETE FROM unit WHERE code LIKE ?', [`${MARK}%`]);
  await primary.end();
});

async function unitOf(code: string): Promise<RowDataPacket | undefined> {
  const [[unit]] = await primary.query<RowDataPacket[]>(
    'SELECT code, singular, plural, decimals FROM unit WHERE code = ?',
    [code],
  );
  return unit;
}

const save = (fields: Record<string, string | number>) => client.post('/units', fields);

test('shows quantities with the plural of their unit and in the separators of the language', async () => {
  const shown = async (fields: Record<string, string | number>, language = 'es') => {
    const { id } = await client.register(fields);
    const { text } = await client.get(`/products/${id}`).set('Accept-Language', language);
    return /class="on-hand">([^<]*)<small>([^<]*)</.exec(text)!.slice(1).join('');
  };
  expect(await shown({ quantity: 24 })).toBe('24 unidades');
  expect(await shown({ quantity: 1 })).toBe('1 unidad');
  expect(await shown({ quantity: 0 })).toBe('0 unidades');
  expect(await shown({ quantity: '2,5', unit: 'kg' })).toBe('2,5 kg');
  expect(await shown({ quantity: '2,5', unit: 'kg' }, 'en')).toBe('2.5 kg');
  expect(await shown({ quantity: 3, unit: 'box' }, 'en')).toBe('3 boxes');
});

test('the list, the movements, the trash and the activity show decimals and plurals', async () => {
  const name = `Arroz ${MARK}`;
  const { id, code } = await client.register({ name, quantity: '1234,5', unit: 'kg' });
  const list = (await client.get(`/products?search=${MARK}`)).text;
  expect(list).toContain(`aria-label="${name}: 1234,5 kg"`);
  expect(list).toContain('data-value="1234.5"');
  const saved = await client.post(`/products/${id}/movements`, {
    ...{ amount: '0,25', direction: 'out', purpose: 'sale' },
  });
  expect((await client.get(saved.headers.location!)).text).toContain('−0,25 · saldo: 1234,25 kg');
  const movements = (await client.get(`/movements?product=${id}`)).text;
  expect(movements).toMatch(/−0,25<[^]*data-unit="kg" class="ledger-after">1234,25</);
  expect((await client.get('/audit?kind=product')).text).toContain(`sacó 0,25 de «${name}»`);
  const csv = (await client.get(`/movements/export.csv?product=${id}`)).text;
  expect(csv).toContain(';-0,25;1234,25;kg;');
  await client.post(`/products/${id}/delete`);
  expect((await client.get(`/trash?search=${code}`)).text).toContain('1234,25 kg');
});

test('the form holds decimals as the language writes them, and saves them as they were', async () => {
  const { id, code } = await client.register({ quantity: '1,234', unit: 'kg' });
  for (const [language, typed] of [
    ['es', '1,234'],
    ['en', '1.234'],
  ] as const) {
    const form = await client.get(`/products/${id}/edit`).set('Accept-Language', language);
    expect(form.text).toMatch(new RegExp(`id="quantity"[^>]* value="${typed}"`));
    expect(form.text).toContain('name="was.quantity" value="1.234"');
    const { version } = await client.findByCode(code);
    const answer = await client.agent
      .post(`/products/${id}`)
      .set('Accept-Language', language)
      .type('form')
      .send({
        ...{ _csrf: client.token, name: `Nombre en ${language}`, code, quantity: typed, unit: 'kg' },
        ...{ category: 'Otros', version, 'was.quantity': '1.234' },
      });
    expect(answer.status).toBe(303);
    expect((await client.findByCode(code)).quantity).toBe(1.234);
  }
});

test('a unit that is typed for the first time has no decimals, and its administrator gives it some', async () => {
  const unit = `${MARK}saco`;
  const form = { name: 'Abono', code: uniqueCode(), unit, category: 'Otros' };
  const { id, code } = await client.register({ ...form, quantity: 2 });
  expect(await unitOf(unit)).toEqual({ code: unit, singular: unit, plural: `${unit}s`, decimals: 0 });
  const half = () => client.changeQuantity(id, { delta: 0.5 });
  expect((await half()).body).toEqual({ error: 'Escriba un número entero, 1 o mayor.' });
  expect((await client.get('/units?search=' + unit)).text).toContain('Sin decimales');

  const edited = await save({ code: unit, singular: unit, plural: `${MARK}sacotes`, decimals: 1 });
  expect(edited.headers.location).toBe('/units');
  expect((await half()).body).toMatchObject({ quantity: 2.5 });
  expect((await client.changeQuantity(id, { delta: 0.25 })).body).toEqual({
    error: `La unidad «${unit}» admite hasta 1 decimal.`,
  });
  expect((await client.get(`/products/${id}`)).text).toContain(`${MARK}sacotes</small>`);
  expect((await client.get('/audit?kind=product')).text).toContain(`cambió la unidad «${unit}»`);

  const fewer = { code: unit, singular: unit, plural: unit, decimals: 0 };
  const refused = await save(fewer);
  expect(refused.status).toBe(409);
  expect(refused.text).toMatch(/id="decimals-error">Hay productos con más decimales/);
  await client.post(`/products/${id}/delete`);
  expect((await save(fewer)).status).toBe(409);
  await client.post(`/products/${id}/restore`);
  const { version } = await client.findByCode(code);
  await client.changeQuantity(id, { quantity: 3, version });
  expect((await save(fewer)).status).toBe(303);
  expect(await unitOf(unit)).toMatchObject({ plural: unit, decimals: 0 });
});

test.each([
  [{ singular: ' ' }, 'singular', 'Escriba el singular.'],
  [{ plural: 'x'.repeat(31) }, 'plural', 'Puede tener hasta 30 caracteres.'],
  [{ decimals: 4 }, 'decimals', 'Elija de 0 a 3.'],
])('refuses %j beside the field', async (wrong, field, message) => {
  const refused = await save({ code: 'kg', singular: 'kg', plural: 'kg', decimals: 3, ...wrong });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain(`id="${field}-error">${message}<`);
  expect(await unitOf('kg')).toEqual({ code: 'kg', singular: 'kg', plural: 'kg', decimals: 3 });
});

test('an unknown unit is not found, and only administrators manage units', async () => {
  expect((await client.get(`/units/edit?code=${MARK}none`)).status).toBe(404);
  expect((await save({ code: `${MARK}none`, singular: 'x', plural: 'x', decimals: 0 })).status).toBe(404);
  const { client: clerk } = await createPerson(client, 'clerk');
  for (const path of ['/units', '/units/edit?code=kg']) expect((await clerk.get(path)).status).toBe(403);
  const { text } = await clerk.get('/categories');
  expect(text).not.toContain('href="/units"');
  expect((await client.get('/categories')).text).toContain('href="/units"');
});

test('a product with decimals does not take a unit without them', async () => {
  const { id, code } = await client.register({ quantity: '2,5', unit: 'kg' });
  const form = { name: 'x', code, quantity: '2,5', unit: 'unidad', category: 'Otros', version: 1 };
  const refused = await client.post(`/products/${id}`, form);
  expect(refused.text).toContain('id="quantity-error">Escriba un número entero, 0 o mayor.');
  expect(await problems(client, (await preview(client, `Código;Unidad\r\n${code};caja`)).id)).toEqual([
    'La cantidad debe ser un número entero.',
  ]);
  expect(await client.findByCode(code)).toMatchObject({ quantity: 2.5, unit: 'kg', version: 1 });
});

test.each([
  ['Código;Nombre;Cantidad;Unidad', ['1.000', '1,5', '1.234,125', '0,5'], [1000, 1.5, 1234.125, 0.5]],
  ['Code;Name;Quantity;Unit', ['1,000', '1.5', '"1,234.125"', '0.5'], [1000, 1.5, 1234.125, 0.5]],
])('an import reads numbers as the language of its headings writes them: %s', async (header, typed, read) => {
  const code = uniqueCode();
  const rows = typed.map((quantity, i) => `${code}-${i};Producto;${quantity};kg`);
  const { id, totals } = await preview(client, [header, ...rows].join('\r\n'));
  expect(totals).toMatchObject({ new: 4, wrong: 0 });
  await apply(client, id);
  const found = await Promise.all(read.map((_, i) => client.findByCode(`${code}-${i}`)));
  expect(found.map(({ quantity }) => quantity)).toEqual(read);
  expect((await preview(client, [header, ...rows].join('\r\n'))).totals).toMatchObject({ unchanged: 4 });
});

test('an import refuses decimals that the unit does not allow, and adds units', async () => {
  const code = uniqueCode();
  const unit = `${MARK}fardo`;
  const rows = [`${code}-1;A;0,0005;kg`, `${code}-2;B;2,5;${unit}`, `${code}-3;C;2;${unit}`];
  const { id, totals } = await preview(client, ['Código;Nombre;Cantidad;Unidad', ...rows].join('\r\n'));
  expect(totals).toMatchObject({ wrong: 2, new: 1 });
  expect(await problems(client, id)).toEqual([
    'Columna «Cantidad»: Escriba hasta 3 decimales. («0,0005»)',
    'Columna «Cantidad»: La cantidad debe ser un número entero. («2,5»)',
  ]);
  expect(await page(client, id, '?kind=new')).toContain(`2 ${unit}`);
  await apply(client, id);
  expect(await unitOf(unit)).toMatchObject({ singular: unit, plural: `${unit}s`, decimals: 0 });
});

test('a number in a workbook is not taken for a thousand', async () => {
  const code = uniqueCode();
  const file = await workbook({
    Hoja: [
      ['Código', 'Nombre', 'Cantidad', 'Unidad'],
      [code, 'Té', 1.234, 'kg'],
    ],
  });
  const { id } = await preview(client, file, 'libro.xlsx');
  await apply(client, id);
  expect((await client.findByCode(code)).quantity).toBe(1.234);
});

test.each([
  ['xlsx', 'es'],
  ['xlsx', 'en'],
  ['csv', 'es'],
  ['csv', 'en'],
])('an export with decimals can be imported again: %s, %s', async (format, language) => {
  const name = `Queso ${MARK} ${format} ${language}`;
  for (const quantity of ['1,234', '1234,5', '0,5', '7'])
    await client.register({ name, quantity, unit: 'kg' });
  const path = `/products/export.${format}?search=${encodeURIComponent(name)}`;
  const file = await download(client, path, language);
  expect((await preview(client, file, `x.${format}`)).totals).toMatchObject({
    ...{ unchanged: 4, wrong: 0, changed: 0, new: 0 },
  });
});

test('an import with decimals is undone exactly', async () => {
  const { id: productId, code } = await client.register({ quantity: '1,25', unit: 'kg' });
  const { id } = await preview(client, `Código;Cantidad\r\n${code};3,5`);
  await apply(client, id);
  expect((await client.findByCode(code)).quantity).toBe(3.5);
  await client.post(`/imports/${id}/undo`, { _key: crypto.randomUUID() });
  await waitUntil(async () => (await client.findByCode(code)).quantity === 1.25);
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT exact_delta AS delta, exact_after AS after FROM stock_movement WHERE product_id = ? ORDER BY id',
    [productId],
  );
  expect(rows.map(({ delta, after }) => [Number(delta), Number(after)])).toEqual([
    [1.25, 1.25],
    [2.25, 3.5],
    [-2.25, 1.25],
  ]);
});
