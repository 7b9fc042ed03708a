import { beforeAll, expect, test } from '@jest/globals';
import { Client, uniqueCode } from '../support/client.ts';
import { stack } from '../support/shared-stack.ts';

let client: Client;
beforeAll(async () => (client = await Client.signedIn()));

test('registers a product with its first stock movement and shows both', async () => {
  const { id, code } = await client.register({
    name: '  Té   verde ',
    quantity: '12',
    description: 'uno\r\ndos',
  });
  const page = await client.get(`/products/${id}`);
  expect(page.text).toContain('Té verde');
  expect(page.text).toContain('+12');
  expect(page.text).toContain('Creación');
  expect(await client.findByCode(code)).toMatchObject({
    name: 'Té verde',
    quantity: 12,
    description: 'uno\ndos',
    version: 1,
  });
});

test('rejects invalid input with 422, a message beside each field, and what was typed', async () => {
  const response = await client.post('/products', {
    name: '   ',
    code: 'a'.repeat(51),
    description: 'd'.repeat(501),
    quantity: '1.5',
    unit: '',
    category: '__other__',
    newCategory: '',
  });
  expect(response.status).toBe(422);
  for (const message of [
    'Escriba el nombre del producto.',
    'El código puede tener hasta 50 caracteres.',
    'La descripción puede tener hasta 500 caracteres.',
    'Escriba un número entero, 0 o mayor.',
    'Escriba la unidad de medida.',
    'Escriba el nombre de la categoría nueva.',
  ]) {
    expect(response.text).toContain(message);
  }
  expect(response.text).toContain('a'.repeat(51));
  expect(response.text).toContain('value="1.5"');
  const english = await client.agent.post('/products').set('Accept-Language', 'en').type('form').send({});
  expect(english.status).toBe(403);
});

test.each(['-1', '1e3', '', '2147483648', '99999999999', 'doce', '０'])(
  'rejects the quantity "%s"',
  async (quantity) => {
    const response = await client.post('/products', {
      name: 'x',
      code: uniqueCode(),
      quantity,
      unit: 'u',
      category: 'Otros',
    });
    expect(response.status).toBe(422);
    expect(response.text).toContain('id="quantity-error"');
  },
);

test('rejects malformed input with a message, not a server error', async () => {
  const complete = { name: 'x', code: uniqueCode(), quantity: '1', unit: 'u', category: 'Otros' };
  for (const odd of [
    { description: ['a', 'b'] },
    { name: ['a', 'b'] },
    { category: '__other__', newCategory: '__other__' },
    { name: '\u200b' },
    { unit: '\u00ad ' },
  ]) {
    const response = await client.post('/products', { ...complete, ...odd } as never);
    expect([odd, response.status]).toEqual([odd, 422]);
  }
  const twice = await client.post('/password', {
    current: ['a', 'b'] as never,
    password: 'x',
    repeated: 'y',
  });
  expect(twice.status).toBe(422);
  const { code } = await client.register({ name: 'A\uFFFEB\u0007C' });
  expect((await client.findByCode(code)).name).toBe('A B C');
});

test('after the session ends, a form redirects to the log-in and back, and an API call gets 401', async () => {
  const stranger = new Client();
  const form = await stranger.post('/products', { name: 'x', page: '/products/new' });
  expect(form.headers.location).toBe('/login?return=%2Fproducts%2Fnew&ended=1');
  expect((await stranger.changeQuantity(1, { delta: 1 })).status).toBe(401);
});

test('counts an emoji as one character', async () => {
  const { code } = await client.register({ name: '🎁'.repeat(100) });
  expect((await client.findByCode(code)).name).toBe('🎁'.repeat(100));
  const tooLong = await client.post('/products', {
    name: '🎁'.repeat(101),
    code: uniqueCode(),
    quantity: 1,
    unit: 'u',
    category: 'Otros',
  });
  expect(tooLong.status).toBe(422);
});

test('20 parallel registrations of one code create one product and show 19 errors', async () => {
  const code = uniqueCode();
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      client.post('/products', {
        name: `Intento ${index}`,
        code,
        quantity: 1,
        unit: 'unidad',
        category: 'Otros',
      }),
    ),
  );
  expect(responses.filter(({ status }) => status === 303)).toHaveLength(1);
  const refused = responses.filter(({ status }) => status === 422);
  expect(refused).toHaveLength(19);
  for (const { text } of refused) expect(text).toContain('Este código ya está en uso.');
  expect((await client.search({ search: code })).total).toBe(1);
});

test('codes that differ only in case are duplicates', async () => {
  const { code } = await client.register();
  const response = await client.post('/products', {
    name: 'x',
    code: code.toLowerCase(),
    quantity: 1,
    unit: 'u',
    category: 'Otros',
  });
  expect(response.status).toBe(422);
  expect(response.text).toContain('Este código ya está en uso.');
});

test('"Otra…" creates a category, or reuses an existing one', async () => {
  const name = `Papelería ${uniqueCode()}`;
  const first = await client.register({ category: '__other__', newCategory: name });
  const second = await client.register({ category: '__other__', newCategory: name.toUpperCase() });
  expect((await client.findByCode(first.code)).category).toBe(name);
  expect((await client.findByCode(second.code)).category).toBe(name);
  expect((await client.get('/products/new')).text).toContain(`<option value="${name}"`);
});

test('a stale edit overwrites nothing and shows both values', async () => {
  const { id, code } = await client.register({ name: 'Original', quantity: 5 });
  // Equal once normalized: no conflict.
  const mine = {
    name: 'Mío',
    code,
    description: ' ',
    quantity: '07',
    unit: 'unidad',
    category: 'Otros',
    version: 1,
  };
  expect((await client.post(`/products/${id}`, { ...mine, name: 'Suyo', quantity: 9 })).status).toBe(303);
  const response = await client.post(`/products/${id}`, mine);
  expect(response.status).toBe(409);
  expect(response.text).toContain('value="Mío"');
  expect(response.text).toContain('data-value="Suyo"');
  expect(response.text).not.toContain('id="description-saved"');
  expect(await client.findByCode(code)).toMatchObject({ name: 'Suyo', quantity: 9 });

  const version = /name="version" value="(\d+)"/.exec(response.text)![1]!;
  expect((await client.post(`/products/${id}`, { ...mine, version })).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ name: 'Mío', quantity: 7 });
});

test('a rejected edit keeps the version it started from', async () => {
  const { id, code } = await client.register();
  await client.changeQuantity(id, { delta: 1 });
  const refused = await client.post(`/products/${id}`, {
    name: '',
    code,
    quantity: 5,
    unit: 'u',
    category: 'Otros',
    version: 1,
  });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('name="version" value="1"');
});

test('a product that does not exist is a 404 with a way back', async () => {
  for (const path of [
    '/products/999999999',
    '/products/abc',
    '/products/0/edit',
    '/products/-1',
    '/products/1e9999',
  ]) {
    const response = await client.get(path);
    expect(response.status).toBe(404);
    expect(response.text).toContain('Volver a los productos');
  }
});

test('text that looks like HTML is shown as text', async () => {
  const name = '<img src=x onerror=alert(1)>';
  const { id } = await client.register({ name });
  for (const path of [`/products/${id}`, `/products/${id}/edit`, `/products?search=onerror`]) {
    expect((await client.get(path)).text).not.toContain('<img src=x');
  }
});

test('a deleted product leaves the list, frees its code, and can be restored whole for an hour', async () => {
  const { id, code } = await client.register({ quantity: 8 });
  const deleted = await client.post(`/products/${id}/delete`, { return: '/products?category=Otros' });
  expect(deleted.headers.location).toBe('/products?category=Otros');
  expect((await client.get('/products')).text).toContain(`action="/products/${id}/restore"`);
  expect((await client.get(`/products/${id}`)).status).toBe(404);

  expect((await client.post(`/products/${id}/restore`)).status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ id, quantity: 8 });
  expect((await client.get(`/products/${id}`)).text).toContain('Creación');
  expect((await client.post(`/products/${id}/restore`)).status).toBe(404);

  await client.post(`/products/${id}/delete`);
  await client.register({ code });
  const refused = await client.post(`/products/${id}/restore`);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain('otro producto tiene ahora el mismo código');

  const late = await client.register();
  await client.post(`/products/${late.id}/delete`);
  const primary = await stack.connect('primary');
  await primary.query('UPDATE deleted_product SET deleted_at = deleted_at - INTERVAL 2 HOUR WHERE id = ?', [
    late.id,
  ]);
  await primary.end();
  expect((await client.post(`/products/${late.id}/restore`)).status).toBe(404);
});
