import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { barcodeKey, splitBarcodes } from '../../src/products/barcodes.ts';
import { damaged, newEan13, newItf14, newUpcA } from '../support/barcodes.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack, withDelayedReplica } from '../support/shared-stack.ts';

const MARK = uniqueCode();
let counter = 0;
const newCode = () => `${MARK}-${counter++}`;
const newOwn = () => `OWN-${MARK}-${counter++}`;

let client: Client;
let clerk: Person;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  clerk = await createPerson(client, 'clerk');
  primary = await stack.connect('primary');
});
afterAll(async () => {
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ?`, [`${MARK}-%`]);
  await primary.end();
});

const product = <Fields extends Record<string, string | number>>(fields: Fields) => ({
  ...{ name: 'Producto de prueba', code: newCode(), quantity: 5, unit: 'unidad', category: 'Otros' },
  ...fields,
});
const add = (fields: Record<string, string | number> = {}) => client.register(product(fields));

async function stored(id: number): Promise<string[]> {
  const [rows] = await primary.query<RowDataPacket[]>(
    'SELECT barcode FROM product_barcode WHERE product_id = ? ORDER BY barcode',
    [id],
  );
  return rows.map(({ barcode }) => String(barcode));
}

async function countByCode(code: string): Promise<number> {
  const [rows] = await primary.query<RowDataPacket[]>('SELECT id FROM product WHERE code = ?', [code]);
  return rows.length;
}

const barcodeError = (html: string) =>
  /id="barcodes-error">([^<]*)</.exec(html)?.[1]?.replaceAll('&#39;', "'");
const typedBarcodes = (html: string) => /id="barcodes"[^>]*>([^<]*)<\/textarea>/.exec(html)?.[1];

test('several barcodes are typed one a line, and shown with their kinds and leading zeros', async () => {
  const [ean, upc, own] = [newEan13(), newUpcA(), newOwn()];
  const { id, code } = await add({ barcodes: `${ean}\r\n ${upc} \r\n\r\n${own}\r\n0-306-40615-2` });
  expect(await client.findByCode(code)).toMatchObject({ barcodes: `${ean}, ${upc}, ${own}, 9780306406157` });
  const page = (await client.get(`/products/${id}`)).text;
  for (const [value, kind] of [
    [ean, 'EAN-13'],
    [upc, 'UPC-A'],
    [own, 'propio'],
    ['9780306406157', 'ISBN'],
  ])
    expect(page).toMatch(new RegExp(`>${value}</span> <small[^>]*>${kind}<`));
  const form = (await client.get(`/products/${id}/edit`)).text;
  expect(typedBarcodes(form)).toBe([ean, upc, own, '9780306406157'].join('\n'));
  await client.post(`/products/${id}/delete`);
});

test('a wrong check digit is refused beside the field, and nothing is stored', async () => {
  for (const wrong of [
    damaged(newEan13()),
    damaged(newUpcA()),
    damaged(newItf14()),
    '8437604946',
    '00001234',
  ]) {
    const good = newEan13();
    const fields = product({ barcodes: `${good}\n${wrong}` });
    const refused = await client.post('/products', fields);
    expect([wrong, refused.status]).toEqual([wrong, 422]);
    expect(barcodeError(refused.text)).toContain(`El dígito de control de ${wrong} no corresponde`);
    expect(typedBarcodes(refused.text)).toBe(`${good}\n${wrong}`);
    expect(await countByCode(fields.code)).toBe(0);
  }
  const english = await client.agent
    .post('/products')
    .set('Accept-Language', 'en')
    .type('form')
    .send({ _csrf: client.token, ...product({ barcodes: 'ab' }) });
  expect(barcodeError(english.text)).toContain('ab cannot be a barcode');
});

test('a barcode of another product is refused beside the field, with a link to that product', async () => {
  const upc = newUpcA();
  const holder = await add({ name: 'Té <verde>', barcodes: upc });
  const fields = product({ barcodes: `${newEan13()}\n0${upc}` });
  const refused = await client.post('/products', fields);
  expect(refused.status).toBe(422);
  expect(barcodeError(refused.text)).toBe(`0${upc} ya es un código de barras de «Té &lt;verde&gt;».`);
  expect(refused.text).toContain(`href="/products/${holder.id}">Ver «Té &lt;verde&gt;»</a>`);
  expect(typedBarcodes(refused.text)).toBe(fields.barcodes);
  expect(await countByCode(fields.code)).toBe(0);

  const { id, code } = await add({ barcodes: newEan13() });
  const before = await client.findByCode(code);
  const edited = await client.post(`/products/${id}`, {
    ...before,
    barcodes: `00${upc}`,
    name: 'Otro',
  } as never);
  expect([edited.status, barcodeError(edited.text)]).toEqual([
    422,
    expect.stringContaining(`00${upc} ya es`),
  ]);
  expect(await client.findByCode(code)).toEqual(before);
  expect(await stored(id)).toEqual(splitBarcodes(before.barcodes).map(barcodeKey));
});

test('of two people who give the same barcode at once, one is refused', async () => {
  const [one, other] = [newEan13(), newEan13()];
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      (index % 2 ? client : clerk.client).post(
        '/products',
        product({ barcodes: index % 2 ? `${one}\n${other}` : `${other}\n${one}` }),
      ),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422, 422, 422]);
  for (const { status, text } of answers)
    if (status === 422) expect(barcodeError(text)).toContain('ya es un código de barras de');
});

test('an edit keeps, adds and drops barcodes, is told in the activity, and frees those that it drops', async () => {
  const [kept, dropped, added] = [newEan13(), newEan13(), newOwn()];
  const { id, code } = await add({ barcodes: `${kept}\n${dropped}` });
  const form = product({ code, barcodes: `${kept}\n${added}`, version: 1 });
  expect((await client.post(`/products/${id}`, form)).status).toBe(303);
  expect(await stored(id)).toEqual([barcodeKey(kept), added.toUpperCase()].sort());
  expect((await client.get('/audit?kind=product')).text).toContain(
    `Códigos de barras: ${kept}, ${dropped} → ${kept}, ${added}`,
  );
  await add({ barcodes: dropped });
});

test('two people who change the barcodes of a product choose which ones stay', async () => {
  const [first, mine, theirs] = [newEan13(), newEan13(), newEan13()];
  const { id, code } = await add({ barcodes: first });
  const form = product({ code, version: 1, 'was.barcodes': first });
  await clerk.client.post(`/products/${id}`, { ...form, barcodes: `${first}\n${theirs}` });
  const conflict = await client.post(`/products/${id}`, { ...form, barcodes: mine });
  expect(conflict.status).toBe(409);
  expect(conflict.text).toContain(`name="seen.barcodes" value="${first}, ${theirs}"`);
  expect(conflict.text).toContain(`<strong>${mine}</strong>`);
  const chosen = { ...form, version: 2, barcodes: mine, 'seen.barcodes': `${first}, ${theirs}` };
  expect((await client.post(`/products/${id}`, { ...chosen, 'choice.barcodes': 'theirs' })).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ barcodes: `${first}, ${theirs}` });
  // An edit of something else takes over what others did to the barcodes.
  const stale = { ...form, name: 'Otro nombre', 'was.name': form.name, barcodes: first };
  expect((await client.post(`/products/${id}`, stale)).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({
    name: 'Otro nombre',
    barcodes: `${first}, ${theirs}`,
  });
});

test('a duplicate starts without barcodes', async () => {
  const { id } = await add({ barcodes: newEan13() });
  expect(typedBarcodes((await client.get(`/products/new?copy=${id}`)).text)).toBe('');
  expect(typedBarcodes((await client.get(`/products/new?after=${id}`)).text)).toBe('');
});

test('MySQL compares barcodes in the same form', async () => {
  const barcodes = [newEan13(), newUpcA(), newItf14(), `*${newOwn()}*`, '*00001234*', `x/${newOwn()}`];
  const { id, code } = await add({ barcodes: barcodes.join('\n') });
  const { barcodes: shown } = await client.findByCode(code);
  expect(await stored(id)).toEqual(splitBarcodes(shown).map(barcodeKey).sort());
  await client.post(`/products/${id}/delete`);
});

test('a search finds a product by each of its barcodes in any of its forms, first and in every order', async () => {
  await withDelayedReplica(1, async () => {
    const [upc, own] = [newUpcA(), newOwn()];
    const { id } = await add({ barcodes: `${upc}\n${own}\n080442957X` });
    // Its name has the barcode; the product that has it comes first.
    const other = await add({ name: `Como ${upc}` });
    expect((await client.search({ search: upc })).items.map((item) => item.id)).toEqual([id, other.id]);
    const forms = [`0${upc}`, `00${upc}`, own, own.toLowerCase(), '0-8044-2957-X', '978 0804429573'];
    for (const search of forms) {
      for (const sort of ['', 'name', '-quantity', 'category']) {
        const { items, total } = await client.search({ search, ...(sort && { sort }) });
        expect([search, sort, items.map((item) => item.id), total]).toEqual([search, sort, [id], 1]);
      }
    }
    const wrongCategory = await client.search({ search: own, category: 'Libros' });
    expect(wrongCategory.total).toBe(0);
    expect((await client.search({ search: damaged(upc) })).total).toBe(0);
    await client.post(`/products/${id}/delete`);
    expect((await client.search({ search: own })).total).toBe(0);
  });
});

test('Enter after a barcode or a code opens the product, and lists what else is searched', async () => {
  const open = async (search: string) =>
    (await client.get(`/products?${new URLSearchParams({ search, category: '', open: 'match' }).toString()}`))
      .headers.location;
  const match = async (search: string) =>
    (await client.get(`/api/products/match?${new URLSearchParams({ search }).toString()}`)).body as object;
  const upc = newUpcA();
  const { id, code } = await add({ barcodes: upc });
  for (const scanned of [upc, `0${upc}`, ` ${upc} `, code, code.toLowerCase()]) {
    expect([scanned, await open(scanned)]).toEqual([scanned, `/products/${id}`]);
    expect([scanned, await match(scanned)]).toEqual([scanned, { id }]);
  }
  for (const other of [damaged(upc), 'libro', `${upc} x`, "' OR 1=1 -- "]) {
    expect([other, await match(other)]).toEqual([other, { id: null }]);
    expect(await open(other)).toMatch(/^\/products\?search=[^&]+$/);
  }
  expect(await open('')).toBe('/products');
  // The code of another product: both are listed.
  const twin = await add({ code: `${MARK}-${newEan13()}` });
  const same = await add({ barcodes: twin.code });
  expect(await match(twin.code)).toEqual({ id: null });
  const { items } = await client.search({ search: twin.code });
  expect(items.map((item) => item.id)).toEqual([same.id, twin.id]);
});

test('the list has a column of barcodes for those who choose it', async () => {
  const person = await createPerson(client, 'viewer');
  const ean = newEan13();
  const { code } = await add({ barcodes: ean });
  expect(await replicaHasAll(stack)).toBe(true);
  const list = async () => (await person.client.get(`/products?search=${code}`)).text;
  expect(await list()).not.toContain(ean);
  const form = new URLSearchParams({ _csrf: person.client.token, pageSize: '50', columns: 'barcodes' });
  await person.client.agent.post('/list-choices').type('form').send(form.toString());
  expect(await list()).toMatch(new RegExp(`class="col-barcodes"[^>]*><div[^>]*>${ean}<`));
  expect((await person.client.get('/products?sort=barcodes')).status).toBe(200);
  expect((await person.client.get('/api/products?sort=barcodes')).status).toBe(400);
});

test('exports write barcodes as text, with their leading zeros', async () => {
  const [upc, ean, other] = [newUpcA(), newEan13(), newUpcA()];
  const [one, two] = [await add({ barcodes: upc }), await add({ barcodes: `${ean}\n${other}` })];
  const csv = (await client.get(`/products/export.csv?search=${one.code}`)).text;
  expect(csv).toContain(`;'${upc};`);
  expect((await client.get(`/products/export.csv?search=${two.code}`)).text).toContain(`;'${ean}, ${other};`);
  expect((await client.get(`/products/export.csv?search=${upc}`)).text).toContain(one.code);
});

test('a deleted product frees its barcodes and has them again when it is restored', async () => {
  const [ean, own] = [newEan13(), newOwn()];
  const { id, code } = await add({ barcodes: `${ean}\n${own}` });
  await client.post(`/products/${id}/delete`);
  expect(await stored(id)).toEqual([]);
  expect((await client.post(`/products/${id}/restore`)).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ id, barcodes: `${ean}, ${own}` });
  expect(await stored(id)).toEqual([barcodeKey(ean), own.toUpperCase()].sort());
});

test('restoring names the product that has got a barcode meanwhile, and restores once it is free', async () => {
  const ean = newEan13();
  const { id, code } = await add({ name: 'Lámpara', barcodes: `${newEan13()}\n${ean}` });
  await client.post(`/products/${id}/delete`);
  const other = await add({ name: 'Farol', barcodes: ean });
  const undone = await client.post(`/products/${id}/restore`);
  expect([undone.status, undone.text]).toEqual([
    409,
    expect.stringContaining(`el código de barras ${ean} es ahora de «Farol».`),
  ]);
  const refused = await client.post(`/trash/${id}/restore`);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(
    `No se puede restaurar «Lámpara»: su código de barras, ${ean}, ahora es de «Farol».`,
  );
  expect(refused.text).toContain(`href="/products/${other.id}/edit"`);
  expect(await stored(id)).toEqual([]);

  // From its own form, which is still open, it is restored without that barcode.
  const form = product({ code, name: 'Lámpara', version: 1, barcodes: ean });
  const again = await client.post(`/products/${id}/restore-and-save`, form);
  expect([again.status, barcodeError(again.text)]).toEqual([
    422,
    `${ean} ya es un código de barras de «Farol».`,
  ]);
  expect(again.text).toContain('restore-and-save');
  await client.post(`/products/${other.id}/delete`);
  expect((await client.post(`/trash/${id}/restore`)).status).toBe(303);
  expect(await stored(id)).toContain(barcodeKey(ean));
});
