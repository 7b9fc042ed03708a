import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { FIELDS } from '../../src/imports/import-fields.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, download, page, preview, problems, readAgain, workbook } from '../support/import-files.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

const TITLED: [string, (code: string) => Buffer | Promise<Buffer>][] = [
  ['semicolons', (code) => Buffer.from(`Lista, precios, julio\n\n\nCódigo;Nombre\n${code};Ñandú\n`)],
  ['commas', (code) => Buffer.from(`Lista de precios; 2026\n\nCódigo,Nombre\n${code},Ñandú\n`)],
  ['tabs and quotes', (code) => Buffer.from(`"Lista\nde precios"\n"Código"\t"Nombre"\n${code}\tÑandú\n`)],
  [
    'a workbook',
    (code) =>
      workbook({ Hoja: [['Lista de precios'], [], [null, 'Julio'], ['Código', 'Nombre'], [code, 'Ñandú']] }),
  ],
];

test.each(TITLED)('finds the headings below a title and empty rows: %s', async (_what, make) => {
  const code = uniqueCode();
  const { id, totals } = await preview(client, await make(code), 'lista');
  expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 0 });
  const shown = await page(client, id);
  expect(shown).toMatch(/Encabezados: Fila [34].* Lo que hay encima no se lee\.|Encabezados: Fila 2/);
  expect(shown).toContain(code);
  expect((await client.get(`/imports/${id}/result.csv`)).text).toMatch(
    new RegExp(`\r\n${code};Ñandú;nuevo;`),
  );
});

test('another row of headings can be chosen, and its columns are recognised anew', async () => {
  const code = uniqueCode();
  const file = `Código;Nombre;Cantidad\n${code}-1;Nombre;3\nCódigo;Cantidad;Nombre\n${code}-2;7;Ñandú\n`;
  const first = await preview(client, file);
  expect(first.totals).toMatchObject({ new: 1, wrong: 2 });
  expect(await page(client, first.id)).toContain(
    '<option value="0:1" selected>Fila 1: Código · Nombre · Cantidad',
  );
  expect((await readAgain(client, first.id, { header: '0:3' })).totals).toMatchObject({ new: 1, wrong: 0 });
  expect(await page(client, first.id)).toContain('Encabezados: Fila 3');
  await apply(client, first.id);
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ name: 'Ñandú', quantity: 7 });
  expect((await client.search({ search: `${code}-1` })).total).toBe(0);
});

test('the headings of another sheet can be chosen', async () => {
  const code = uniqueCode();
  const file = await workbook({
    Ayuda: [
      ['Qué', 'Cómo'],
      ['Uno', 'Dos'],
      ['Tres', 'Cuatro'],
    ],
    Datos: [['Lo mío'], ['a', 'b'], [code, 'Ñandú']],
  });
  const { id, state } = await preview(client, file, 'a.xlsx');
  expect(state).toBe('unassigned');
  await readAgain(client, id, { header: '1:2' });
  const { totals } = await readAgain(client, id, { header: '1:2', column0: 'code', column1: 'name' });
  expect(totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 0 });
});

test('an empty cell leaves a field as it is; erasing is a choice that the preview shows', async () => {
  const code = uniqueCode();
  const before = { code, name: 'Jabón', description: 'Suave', quantity: 5, unit: 'caja', category: 'Hogar' };
  await client.register(before);
  const header = 'Código;Nombre;Descripción;Categoría;Cantidad;Unidad';
  const kept = await preview(client, `${header}\n${code}; ;;;7;\n${code}-2;Nuevo;;;;\n${code}-3;;;;1;`);
  expect(kept.totals).toEqual({ new: 1, changed: 1, unchanged: 0, wrong: 1 });
  expect(await problems(client, kept.id)).toEqual(['Columna «Nombre»: Escriba el nombre del producto.']);
  const shown = await page(client, kept.id, '?kind=changed');
  expect(shown).toContain('Las celdas vacías dejan los datos como están.');
  expect(shown).not.toContain('<dt>Descripción</dt>');

  const { id } = await preview(client, `Código;Descripción;Cantidad\n${code};;7`);
  expect((await readAgain(client, id, { erases: 'yes' })).totals).toMatchObject({ changed: 1, wrong: 0 });
  const erasing = await page(client, id);
  expect(erasing).toContain('Las celdas vacías borran: un producto pierde datos.');
  expect(erasing).toMatch(
    /<dt>Descripción<\/dt><dd><del>Suave<\/del>.*<ins class="import-erased">se borra<\/ins>/s,
  );
  expect(erasing).toMatch(/name="erases" value="yes"[^>]*checked/);

  // Read again after a change by somebody else, it is made with the same choice.
  const { id: productId } = await client.findByCode(code);
  await client.changeQuantity(productId, { delta: 1 });
  expect((await apply(client, id)).state).toBe('preview');
  expect(await page(client, id)).toContain('Las celdas vacías borran: un producto pierde datos.');
  await apply(client, id);
  expect(await client.findByCode(code)).toMatchObject({ ...before, description: '', quantity: 7 });
  expect(await page(client, id)).toContain('Las celdas vacías borraron datos de un producto.');

  const wrong = await preview(client, `Código;Nombre\n${code};`);
  expect((await readAgain(client, wrong.id, { erases: 'yes' })).totals).toMatchObject({
    changed: 0,
    wrong: 1,
  });
});

test('wrong rows can be left out, and downloaded as a file to correct and upload', async () => {
  const code = uniqueCode();
  await client.register({ code: `${code}-2`, name: 'Jabón', quantity: 5 });
  const rows = [`${code}-1;Uno;x`, `${code}-2;Jabón;8`, `${code}-1;Otro;1`, `${code}-3;Tres;3`];
  const { id, totals } = await preview(client, ['Código;Nombre;Cantidad', ...rows].join('\n'), 'lista.csv');
  expect(totals).toEqual({ new: 1, changed: 1, unchanged: 0, wrong: 2 });
  expect(await page(client, id)).toContain('Aplicar sin las 2 filas con errores');
  expect((await apply(client, id)).state).toBe('applied');
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ quantity: 8 });
  expect(await client.findByCode(`${code}-3`)).toMatchObject({ quantity: 3 });
  expect((await client.search({ search: `${code}-1` })).total).toBe(0);

  const shown = await page(client, id);
  expect(shown).toContain('Los cambios se aplicaron. 2 filas con errores quedaron fuera.');
  expect((await client.get('/audit?kind=product')).text).toContain('2 filas con errores quedaron fuera.');
  const [events] = await primary.query<RowDataPacket[]>(
    "SELECT details FROM product_event WHERE action = 'product.imported' AND target_id = ?",
    [id],
  );
  expect(events).toEqual([{ details: { added: 1, changed: 1, unchanged: 0, leftOut: 2 } }]);

  const response = await client.get(`/imports/${id}/result.csv?rows=wrong`);
  expect(response.headers['content-disposition']).toContain('lista - filas con errores.csv');
  const lines = response.text.trim().split('\r\n');
  expect(lines.slice(1).map((line) => line.split(';').slice(0, 4).join(';'))).toEqual([
    `${code}-1;Uno;x;quedó fuera`,
    `${code}-1;Otro;1;quedó fuera`,
  ]);
  const corrected = [lines[0]!, lines[1]!.replace(';x;', ';4;')].join('\r\n');
  const again = await preview(client, corrected);
  expect(again.totals).toEqual({ new: 1, changed: 0, unchanged: 0, wrong: 0 });
});

test('after a change by somebody else, leaving rows out is asked anew', async () => {
  const code = uniqueCode();
  const { id: productId } = await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5 });
  const file = `Código;Nombre;Cantidad\n${code}-1;;8\n${code}-2;Nuevo;1\n${code}-3;Mal;x`;
  const { id } = await preview(client, file);
  await client.post(`/products/${productId}/delete`);
  const { state, totals } = await apply(client, id);
  expect(state).toBe('preview');
  expect(totals).toMatchObject({ new: 1, changed: 0, wrong: 2 });
  expect((await client.search({ search: `${code}-2` })).total).toBe(0);
  expect(await page(client, id)).toContain('Aplicar sin las 2 filas con errores');
});

test('an applied import is told in the past', async () => {
  const code = uniqueCode();
  await client.register({ code: `${code}-1`, name: 'Jabón', quantity: 5 });
  const { id } = await preview(client, `Código;Nombre;Cantidad\n${code}-1;Jabón;8\n${code}-2;Nuevo;1`);
  await apply(client, id);
  const labels = [...(await page(client, id)).matchAll(/<dt>([^<]+)<\/dt><dd>\d/g)].map(([, label]) => label);
  expect(labels).toEqual(['Agregados', 'Modificados', 'Sin cambios', 'Quedaron fuera']);
  const english = await client.agent.get(`/imports/${id}`).set('Accept-Language', 'en');
  expect(english.text).toMatch(/<dt>Changed<\/dt>/);
  expect((await client.get(`/imports/${id}/result.csv`)).text).toContain(';modificado;');
});

test.each([
  ['xlsx', 'es'],
  ['xlsx', 'en'],
  ['csv', 'es'],
  ['csv', 'en'],
])('the template can be imported as it is: %s, %s', async (format, language) => {
  const file = await download(client, `/imports/template.${format}`, language);
  const { id, totals } = await preview(client, file, `plantilla.${format}`);
  expect(totals).toMatchObject({ new: 2, wrong: 0 });
  const columns = [...(await page(client, id)).matchAll(/<option value="(\w+)" selected>/g)];
  expect(columns.map(([, field]) => field)).toEqual(FIELDS);
});
