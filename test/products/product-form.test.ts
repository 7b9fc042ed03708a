import { beforeAll, expect, test } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { Client, uniqueCode } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

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

/** The fields of the form on a page, as a browser sends them back, without its token and key. */
function formIn(html: string): Record<string, string> {
  const form = /<form class="panel" id="product-form"[^]*?<\/form>/.exec(html)![0];
  const text = (value = '') =>
    value.replaceAll('&#34;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  const inputs = [
    ...form.matchAll(/<input (?!.*type="radio")[^>]*name="((?!_)[^"]+)"[^>]*?value="([^"]*)"[^>]*>/g),
  ].filter(([input]) => !/type="checkbox"(?![^>]* checked)/.test(input));
  const areas = [...form.matchAll(/<textarea [^>]*name="([^"]+)"[^>]*>([^<]*)</g)];
  const category = /<option value="([^"]*)" selected/.exec(form)?.[1];
  return Object.fromEntries([
    ...[...inputs, ...areas].map(([, name, value]) => [name, text(value)]),
    ['category', text(category)],
  ]) as Record<string, string>;
}

const openEdit = async (id: number) => formIn((await client.get(`/products/${id}/edit`)).text);
const noticeOf = async (path: string) => (await client.get(path)).text;

test('saving a name leaves a quantity that was counted meanwhile, and says who counted', async () => {
  const { id, code } = await client.register({ quantity: 1 });
  const form = await openEdit(id);
  const clerk = await createPerson(client, 'clerk');
  await clerk.client.changeQuantity(id, { quantity: 900, version: 1 });
  const saved = await client.post(`/products/${id}`, { ...form, name: 'Solo el nombre' });
  expect(saved.headers.location).toBe(`/products/${id}`);
  expect(await noticeOf(`/products/${id}`)).toContain(
    `${clerk.username} cambió Cantidad mientras tanto: 1 → 900.`,
  );
  expect(await client.findByCode(code)).toMatchObject({ name: 'Solo el nombre', quantity: 900 });
  const primary = await stack.connect('primary');
  const [movements] = await primary.query<RowDataPacket[]>(
    'SELECT reason FROM stock_movement WHERE product_id = ? ORDER BY id',
    [id],
  );
  await primary.end();
  expect(movements.map(({ reason }) => String(reason))).toEqual(['initial', 'count']);
});

test('a stale edit overwrites nothing, and asks only about fields that both changed', async () => {
  const { id, code } = await client.register({ name: 'Original', quantity: 5, description: 'uno\ndos' });
  const form = await openEdit(id);
  const clerk = await createPerson(client, 'clerk');
  const theirs = { ...form, name: 'Suyo', unit: 'caja', quantity: '9' };
  expect((await clerk.client.post(`/products/${id}`, theirs)).status).toBe(303);

  const mine = { ...form, name: 'Mío', description: 'tres', quantity: '07' };
  const asked = await client.post(`/products/${id}`, mine);
  expect(asked.status).toBe(409);
  const choices = [...asked.text.matchAll(/data-choice="(\w+)"/g)].map(([, name]) => name);
  expect(choices).toEqual(['name', 'quantity']);
  expect(asked.text).toContain(`Lo que guardó ${clerk.username}: <strong data-saved>Suyo</strong> <time`);
  expect(asked.text).toContain(`${clerk.username} cambió Unidad mientras tanto: unidad → caja.`);
  expect(await client.findByCode(code)).toMatchObject({ name: 'Suyo', quantity: 9, description: 'uno\ndos' });

  const again = formIn(asked.text);
  expect(again).toMatchObject({ name: 'Mío', description: 'tres', quantity: '07', unit: 'caja' });
  expect((await client.post(`/products/${id}`, again)).status).toBe(409);
  const half = await client.post(`/products/${id}`, { ...again, 'choice.name': 'mine' });
  expect([half.status, formIn(half.text).name, half.text.includes('data-choice="name"')]).toEqual([
    409,
    'Mío',
    false,
  ]);
  const decided = { ...formIn(half.text), 'choice.quantity': 'theirs' };
  expect((await client.post(`/products/${id}`, decided)).status).toBe(303);
  expect(await noticeOf(`/products/${id}`)).not.toContain('mientras tanto');
  expect(await client.findByCode(code)).toMatchObject({
    ...{ name: 'Mío', quantity: 9, unit: 'caja', description: 'tres' },
  });
});

test('a choice is asked for again when the field has changed since', async () => {
  const { id, code } = await client.register({ quantity: 5 });
  const form = await openEdit(id);
  await client.changeQuantity(id, { delta: 1 });
  const asked = formIn((await client.post(`/products/${id}`, { ...form, quantity: '20' })).text);
  await client.changeQuantity(id, { delta: 1 });
  const again = await client.post(`/products/${id}`, { ...asked, 'choice.quantity': 'mine' });
  expect([again.status, formIn(again.text)['seen.quantity']]).toEqual([409, '7']);
  const decided = { ...formIn(again.text), 'choice.quantity': 'mine' };
  expect((await client.post(`/products/${id}`, decided)).status).toBe(303);
  expect((await client.findByCode(code)).quantity).toBe(20);
});

test('a stale edit that does not say what it was opened with is asked about every difference', async () => {
  const { id, code } = await client.register({ name: 'Original', quantity: 5 });
  const fields = { code, description: ' ', unit: 'unidad', category: 'Otros', version: 1 };
  await client.changeQuantity(id, { delta: 1 });
  const asked = await client.post(`/products/${id}`, { ...fields, name: 'Mío', quantity: 5 });
  expect(asked.status).toBe(409);
  const choices = [...asked.text.matchAll(/data-choice="(\w+)"/g)].map(([, name]) => name);
  expect(choices).toEqual(['name', 'quantity']);
});

test('parallel quick changes and saves of forms lose nothing', async () => {
  const { id, code } = await client.register({ quantity: 0, name: 'Antes', description: 'antes' });
  const form = await openEdit(id);
  const edits = [{ name: 'Después' }, { description: 'después' }, { unit: 'caja' }];
  const [saves, changes] = await Promise.all([
    Promise.all(edits.map((edit) => client.post(`/products/${id}`, { ...form, ...edit }))),
    Promise.all(Array.from({ length: 30 }, () => client.changeQuantity(id, { delta: 1 }))),
  ]);
  expect(saves.map(({ status }) => status)).toEqual([303, 303, 303]);
  expect(changes.map(({ status }) => status)).toEqual(Array(30).fill(200));
  expect(await client.findByCode(code)).toMatchObject({
    ...{ name: 'Después', description: 'después', unit: 'caja', quantity: 30 },
  });
});

test('a merged save that is sent twice gets the first answer', async () => {
  const { id, code } = await client.register({ quantity: 1 });
  const form = { ...(await openEdit(id)), name: 'Una vez', _key: crypto.randomUUID() };
  await client.changeQuantity(id, { delta: 4 });
  const first = await client.post(`/products/${id}`, form);
  await client.changeQuantity(id, { delta: 5 });
  const second = await client.post(`/products/${id}`, form);
  const notice = (answer: typeof first) => String(answer.headers['set-cookie']).split(';')[0];
  expect([second.status, notice(second)]).toEqual([303, notice(first)]);
  expect(await client.findByCode(code)).toMatchObject({ quantity: 10, version: 4 });
});

test('a count is not stale when only other fields have changed', async () => {
  const { id } = await client.register({ quantity: 1 });
  await client.post(`/products/${id}`, { ...(await openEdit(id)), name: 'Otro' });
  const count = { quantity: 3, version: 1 };
  expect((await client.changeQuantity(id, { ...count, was: 2 })).status).toBe(409);
  expect((await client.changeQuantity(id, { ...count, was: 1 })).body).toMatchObject({
    quantity: 3,
    version: 3,
  });
});

test('an edit of a deleted product keeps what was typed, and restores and saves in one step', async () => {
  const { id, code } = await client.register({ name: 'Original', quantity: 8 });
  const form = await openEdit(id);
  const clerk = await createPerson(client, 'clerk');
  await clerk.client.changeQuantity(id, { delta: -1 });
  await clerk.client.post(`/products/${id}/delete`);
  const gone = await client.post(`/products/${id}`, { ...form, name: 'Lo que escribí' });
  expect(gone.status).toBe(410);
  expect(gone.text).toContain(`${clerk.username} eliminó «Original» el `);
  expect(gone.text).toContain(`action="/products/${id}/restore-and-save"`);
  expect(formIn(gone.text)).toMatchObject({ name: 'Lo que escribí', 'was.name': 'Original', version: '1' });

  const reopened = await client.get(`/products/${id}/edit`);
  expect([reopened.status, formIn(reopened.text)['was.quantity']]).toEqual([410, '7']);
  expect(reopened.text).toContain(`action="/products/${id}/restore-and-save"`);

  // The code is taken by now: nothing is restored until another one is typed.
  const other = await client.register({ code });
  const refused = await client.post(`/products/${id}/restore-and-save`, formIn(gone.text));
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('id="code-error"');
  expect(refused.text).toContain(`action="/products/${id}/restore-and-save"`);
  expect((await client.get(`/products/${id}`)).status).toBe(404);

  const saved = await client.post(`/products/${id}/restore-and-save`, {
    ...formIn(refused.text),
    code: `${code}-2`,
  });
  expect(saved.headers.location).toBe(`/products/${id}`);
  expect(await noticeOf(`/products/${id}`)).toContain(
    `${clerk.username} cambió Cantidad mientras tanto: 8 → 7.`,
  );
  expect(await client.findByCode(`${code}-2`)).toMatchObject({ id, name: 'Lo que escribí', quantity: 7 });
  expect((await client.findByCode(code)).id).toBe(other.id);
  const audit = (await client.get('/audit?kind=product')).text;
  expect(audit).toContain(
    `editó «Original»: Código: ${code} → ${code}-2; Nombre: Original → Lo que escribí.`,
  );
});

test('restoring and saving asks about fields that were changed before the deletion', async () => {
  const { id, code } = await client.register({ quantity: 8 });
  const form = await openEdit(id);
  await client.changeQuantity(id, { delta: -1 });
  await client.post(`/products/${id}/delete`);
  const path = `/products/${id}/restore-and-save`;
  const asked = await client.post(path, { ...form, quantity: '20' });
  expect([asked.status, asked.text.includes(`action="${path}"`)]).toEqual([409, true]);
  expect((await client.get(`/products/${id}`)).status).toBe(404);
  expect((await client.post(path, { ...formIn(asked.text), 'choice.quantity': 'mine' })).status).toBe(303);
  expect((await client.findByCode(code)).quantity).toBe(20);
});

test('an edit of a product deleted over an hour ago can be registered as a new one', async () => {
  const { id, code } = await client.register({ name: 'Original' });
  const form = await openEdit(id);
  await client.post(`/products/${id}/delete`);
  await makeDeletionOld(id);
  const gone = await client.post(`/products/${id}`, { ...form, name: 'Lo que escribí' });
  expect(gone.status).toBe(410);
  expect(gone.text).toContain('Está en la papelera, y allí se puede restaurar.');
  expect(gone.text).toContain('action="/products"');
  expect((await client.post(`/products/${id}/restore-and-save`, form)).status).toBe(410);
  const saved = await client.post('/products', formIn(gone.text));
  expect(saved.status).toBe(303);
  expect(await client.findByCode(code)).toMatchObject({ name: 'Lo que escribí', version: 1 });
});

test('a quick change of a deleted product says who deleted it', async () => {
  const { id } = await client.register({ name: 'Té' });
  await client.post(`/products/${id}/delete`);
  for (const change of [{ delta: 1 }, { quantity: 4, version: 1 }]) {
    const answer = await client.changeQuantity(id, change);
    expect(answer.status).toBe(410);
    expect((answer.body as { error: string }).error).toMatch(/^admin eliminó «Té» el .+\.$/);
  }
});

async function makeDeletionOld(id: number): Promise<void> {
  const primary = await stack.connect('primary');
  await primary.query('UPDATE deleted_product SET deleted_at = deleted_at - INTERVAL 2 HOUR WHERE id = ?', [
    id,
  ]);
  await primary.end();
}

test('each deletion can be undone from every page until it is restored or dismissed', async () => {
  const person = await createPerson(client, 'clerk');
  const ids: number[] = [];
  for (const name of ['Uno', 'Dos', 'Tres']) {
    const { id } = await person.client.register({ name });
    await person.client.post(`/products/${id}/delete`);
    ids.push(id);
  }
  const offered = async (who: Client, path: string) =>
    [...(await who.get(path)).text.matchAll(/action="\/products\/(\d+)\/restore"/g)].map(([, id]) =>
      Number(id),
    );
  for (const path of ['/products', '/products/new', '/imports', '/password', '/no-such-page', '/products']) {
    expect([path, await offered(person.client, path)]).toEqual([path, ids.toReversed()]);
  }
  expect(await offered(client, '/products')).not.toContain(ids[0]);

  const dismissed = await person.client.post(`/products/${ids[2]}/keep-deleted`, { return: '/imports' });
  expect(dismissed.headers.location).toBe('/imports');
  await person.client.post(`/products/${ids[0]}/restore`);
  expect(await offered(person.client, '/products')).toEqual([ids[1]]);

  // Someone else restores it: the undo says so once, and goes.
  await client.post(`/products/${ids[1]}/restore`);
  expect((await person.client.post(`/products/${ids[1]}/restore`)).status).toBe(404);
  expect(await offered(person.client, '/products')).toEqual([]);
});

test('many deletions leave cookies that still fit into a request', async () => {
  const person = await createPerson(client, 'clerk');
  for (let i = 0; i < 12; i++) {
    const { id } = await person.client.register({ name: '🎁'.repeat(100) });
    await person.client.post(`/products/${id}/delete`);
  }
  const { status, text } = await person.client.get('/products');
  expect([status, text.match(/\/restore"/g)?.length]).toEqual([200, 5]);
});

test('Activity offers to restore what was deleted, as long as that is possible', async () => {
  const { id } = await client.register({ name: 'Para recuperar' });
  await client.post(`/products/${id}/delete`);
  await client.post(`/products/${id}/restore`);
  await client.post(`/products/${id}/delete`);
  await client.post(`/products/${id}/keep-deleted`);
  const offers = async () =>
    (await client.get('/audit')).text.split(`action="/products/${id}/restore"`).length - 1;
  expect(await offers()).toBe(1);
  await makeDeletionOld(id);
  await waitUntil(async () => (await offers()) === 0);
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
  await makeDeletionOld(late.id);
  expect((await client.post(`/products/${late.id}/restore`)).status).toBe(404);
});
