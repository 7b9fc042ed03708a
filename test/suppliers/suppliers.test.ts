import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';

const mark = uniqueCode();
let client: Client;
let primary: Connection;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
});

afterAll(async () => {
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE code LIKE ?`, [`${mark}%`]);
  await primary.query('DELETE FROM supplier WHERE name LIKE ?', [`%${mark}%`]);
  await primary.end();
});

const list = async () => (await client.get(`/suppliers?search=${mark}`)).text;
const idOf = async (name: string) => {
  const html = await list();
  return Number(new RegExp(`/suppliers/(\\d+)/edit" aria-label="[^"]*${name}`).exec(html)![1]);
};

test('a supplier is added with its details, edited and deleted, and the activity says so', async () => {
  const name = `Andina ${mark}`;
  const fields = { name, contact: 'Rosa Paz', email: 'rosa@example.com', phone: '+593 2 123', leadTime: 5 };
  const added = await client.post('/suppliers', fields);
  expect([added.status, added.headers.location]).toEqual([303, '/suppliers']);
  const html = await list();
  expect(html).toContain(`Proveedor agregado: «${name}».`);
  expect(html).toContain('Rosa Paz · rosa@example.com · +593 2 123 · Entrega en 5 días');
  const id = await idOf(name);
  const edit = { ...fields, name: `Andes ${mark}`, leadTime: '', version: 1 };
  expect((await client.post(`/suppliers/${id}`, edit)).status).toBe(303);
  expect((await client.get(`/suppliers/${id}/edit`)).text).toContain(`value="Andes ${mark}"`);
  const late = await client.post(`/suppliers/${id}`, { ...edit, name: `Tarde ${mark}` });
  expect(late.status).toBe(409);
  expect(late.text).toContain('Otra persona cambió este proveedor');
  expect(late.text).toContain(`value="Tarde ${mark}"`);
  expect(late.text).toContain('name="version" value="2"');
  expect((await client.post(`/suppliers/${id}/delete`)).status).toBe(303);
  expect((await client.get(`/suppliers/${id}/edit`)).status).toBe(404);
  const audit = (await client.get('/audit?kind=product')).text;
  for (const what of ['agregó', 'editó', 'eliminó']) expect(audit).toContain(`${what} el proveedor «And`);
});

test('refuses bad details beside their fields, and a name that is taken', async () => {
  const refused = await client.post('/suppliers', {
    ...{ name: ' ', email: 'rosa@', phone: '1'.repeat(51), leadTime: 'pronto', contact: 'x'.repeat(101) },
  });
  expect(refused.status).toBe(422);
  for (const problem of [
    'Escriba el nombre',
    'Escriba un correo válido',
    'El teléfono',
    'número entero de 0 a 999',
  ])
    expect(refused.text).toContain(problem);
  expect(refused.text).toContain('value="rosa@"');
  await client.post('/suppliers', { name: `Única ${mark}` });
  const taken = await client.post('/suppliers', { name: `UNICA ${mark}` });
  expect(taken.status).toBe(422);
  expect(taken.text).toContain('Ya existe el proveedor');
});

test('a supplier in use keeps its products when renamed and cannot be deleted, nor while one is in the trash', async () => {
  const name = `Usado ${mark}`;
  const { id: product, code } = await client.register({ code: `${mark}-1`, supplier: name });
  const id = await idOf(name);
  expect(await list()).not.toContain(`/suppliers/${id}/delete`);
  await client.post(`/suppliers/${id}`, { name: `Renombrado ${mark}`, version: 1 });
  expect(await client.findByCode(code)).toMatchObject({ supplier: `Renombrado ${mark}` });
  // A form that was opened before does not bring the old name back.
  const form = { name: 'Otro', code, quantity: 5, unit: 'u', category: 'Otros', supplier: name };
  await client.post(`/products/${product}`, { ...form, 'was.supplier': name, version: 1 });
  expect(await client.findByCode(code)).toMatchObject({ name: 'Otro', supplier: `Renombrado ${mark}` });
  for (const path of [`/suppliers/${id}/delete`]) {
    const refused = await client.post(path);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('así que no se puede eliminar');
  }
  await client.post(`/products/${product}/delete`);
  expect((await client.post(`/suppliers/${id}/delete`)).status).toBe(409);
  await client.post(`/products/${product}/restore`);
  expect(await client.findByCode(code)).toMatchObject({ supplier: `Renombrado ${mark}` });
});

test('who only looks sees no suppliers page', async () => {
  const viewer = await createPerson(client, 'viewer');
  expect((await viewer.client.get('/suppliers')).status).toBe(403);
  expect((await viewer.client.post('/suppliers', { name: `No ${mark}` })).status).toBe(403);
  expect(await list()).not.toContain(`No ${mark}`);
});
