import { beforeAll, expect, test } from '@jest/globals';
import { Client, uniqueCode } from '../support/client.ts';
import { withDelayedReplica } from '../support/shared-stack.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

const valueIn = (html: string, name: string) =>
  new RegExp(`id="${name}" name="${name}"[^>]* value="([^"]*)"`).exec(html)?.[1];
const categoryIn = (html: string) => /<option value="([^"]*)" selected>/.exec(html)?.[1];
const focusedIn = (html: string) =>
  /<(?:input|select|textarea) [^>]*id="(\w+)"[^>]*autofocus/.exec(html)?.[1];

test('"Save and add another" saves, names the product with a link, and keeps category and unit', async () => {
  await withDelayedReplica(1, async () => {
    const product = {
      name: 'Té <b>negro</b>',
      code: uniqueCode(),
      quantity: 3,
      unit: 'caja',
      category: 'Otros',
    };
    const saved = await client.post('/products', { ...product, next: 'another' });
    expect(saved.status).toBe(303);
    const id = /^\/products\/new\?after=(\d+)$/.exec(saved.headers.location!)![1]!;
    const form = (await client.get(saved.headers.location!)).text;
    expect(form).toContain(
      `Producto agregado: «<a class="alert-link" href="/products/${id}">Té &lt;b&gt;negro&lt;/b&gt;</a>».`,
    );
    expect([valueIn(form, 'unit'), categoryIn(form)]).toEqual(['caja', 'Otros']);
    expect([valueIn(form, 'name'), valueIn(form, 'code'), valueIn(form, 'quantity')]).toEqual(['', '', '0']);
    expect(focusedIn(form)).toBe('name');
    expect(await client.findByCode(product.code)).toMatchObject({ id: Number(id), quantity: 3 });
  });
});

test('a refused product keeps what was typed, and can be saved with another one after it', async () => {
  const refused = await client.post('/products', { name: '', code: uniqueCode(), next: 'another' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Escriba el nombre del producto.');
  expect(refused.text).toContain('name="next" value="another"');
});

test('an edit offers no other product', async () => {
  const { id } = await client.register();
  expect((await client.get(`/products/${id}/edit`)).text).not.toContain('value="another"');
});

test('"Duplicate" opens a new form with everything but code and quantity', async () => {
  const { id } = await client.register({
    name: 'Sal gruesa',
    description: 'De mar',
    quantity: 7,
    unit: 'kg',
  });
  expect((await client.get(`/products/${id}`)).text).toContain(`href="/products/new?copy=${id}"`);
  const form = (await client.get(`/products/new?copy=${id}`)).text;
  expect(form).toContain('Copia de «Sal gruesa»');
  expect([valueIn(form, 'name'), valueIn(form, 'unit'), categoryIn(form)]).toEqual([
    'Sal gruesa',
    'kg',
    'Otros',
  ]);
  expect(form).toContain('>De mar</textarea>');
  expect([valueIn(form, 'code'), valueIn(form, 'quantity'), focusedIn(form)]).toEqual(['', '0', 'code']);
  expect(form).toContain(`name="page" value="/products/new?copy=${id}"`);
});

test('a product that is gone cannot be duplicated; after it, the form is empty', async () => {
  const { id } = await client.register();
  await client.post(`/products/${id}/delete`);
  expect((await client.get(`/products/new?copy=${id}`)).status).toBe(404);
  for (const query of [`after=${id}`, 'after=x', 'copy=x', 'copy=-1', 'after=1&after=2']) {
    const form = await client.get(`/products/new?${query}`);
    expect([query, form.status, valueIn(form.text, 'name')]).toEqual([query, 200, '']);
  }
});
