import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { addUpCounts } from '../../src/categories/category-jobs.ts';
import { finishMerge } from '../../src/categories/category-merge.ts';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { LeaseLostError } from '../../src/jobs/lease.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { apply, preview } from '../support/import-files.ts';
import { openDatabases } from '../support/open-databases.ts';
import { replicaHasAll } from '../support/replication.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

let client: Client;
let primary: Connection;
let databases: Databases;

beforeAll(async () => {
  client = await Client.signedIn();
  primary = await stack.connect('primary');
  databases = await openDatabases();
});

/** Describes products without movements, which no other test may find. */
const MARK = uniqueCode();

afterAll(async () => {
  for (const table of ['product', 'deleted_product'])
    await primary.query(`DELETE FROM ${table} WHERE description = ?`, [MARK]);
  await primary.query(
    `DELETE FROM category WHERE name LIKE 'Categoría %'
     AND id NOT IN (SELECT category_id FROM product UNION ALL SELECT category_id FROM deleted_product)`,
  );
  await primary.end();
  await closeDatabases(databases);
});

let counter = 0;
/** No two are equal without accents. */
const uniqueName = () => `Categoría ${Date.now().toString(36)} ${counter++}`;

async function add(name = uniqueName()): Promise<{ id: number; name: string }> {
  const added = await client.post('/categories', { name });
  expect([name, added.status, added.headers.location]).toEqual([name, 303, '/categories']);
  return { id: (await idOf(name))!, name };
}

async function idOf(name: string): Promise<number | undefined> {
  const [rows] = await primary.query<RowDataPacket[]>('SELECT id FROM category WHERE name = ?', [name]);
  return rows[0] && Number(rows[0].id);
}

async function insertProducts(categoryId: number, count: number): Promise<string[]> {
  const codes = Array.from({ length: count }, uniqueCode);
  await primary.query('INSERT INTO product (code, name, description, category_id, quantity, unit) VALUES ?', [
    codes.map((code, index) => [code, `Producto ${index}`, MARK, categoryId, index % 3, 'unidad']),
  ]);
  return codes;
}

/** The line of the category on its page, without tags. */
async function lineOf(name: string): Promise<string | undefined> {
  const { text } = await client.get(`/categories?search=${encodeURIComponent(name)}`);
  const lines = [...text.matchAll(/<li>(.*?)<\/li>/gs)].map(([, line]) =>
    line!
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return lines.find((line) => line.startsWith(name));
}

async function merge(source: { id: number }, target: { id: number }): Promise<void> {
  const begun = await client.post(`/categories/${source.id}/merge`, { into: target.id });
  expect([begun.status, begun.headers.location]).toEqual([303, '/categories']);
}

async function waitForMerge({ name }: { name: string }): Promise<void> {
  await waitUntil(async () => (await idOf(name)) === undefined);
  expect(await replicaHasAll(stack)).toBe(true);
}

async function lastSentence(language: string): Promise<string> {
  const { text } = await client.get('/audit?kind=product').set('Accept-Language', language);
  return /<p class="mb-0 text-break"><strong>[^<]*<\/strong> ([^<]*)<\/p>/.exec(text)![1]!;
}

async function wrongCounts(): Promise<RowDataPacket[]> {
  const [rows] = await primary.query<RowDataPacket[]>(`
    SELECT category_id, SUM(n) AS difference FROM (
      SELECT category_id, COUNT(*) AS n FROM product GROUP BY category_id
      UNION ALL SELECT category_id, -SUM(products) FROM category_count GROUP BY category_id
    ) AS counted GROUP BY category_id HAVING SUM(n) <> 0`);
  return rows;
}

test('a category is added, renamed and deleted, with its number of products', async () => {
  const { id, name } = await add();
  expect(await lineOf(name)).toContain('Sin productos');
  expect(await lastSentence('es')).toBe(`agregó la categoría «${name}».`);
  const product = await client.register({ category: name });
  expect(await lineOf(name)).toContain('1 producto');

  const other = uniqueName();
  const renamed = await client.post(`/categories/${id}`, { name: other, was: name });
  expect(renamed.status).toBe(303);
  expect(await lastSentence('es')).toBe(`cambió el nombre de la categoría «${name}» a «${other}».`);
  expect(await lastSentence('en')).toBe(`renamed the category “${name}” to “${other}”.`);
  expect(await lineOf(name)).toBeUndefined();
  expect(await lineOf(other)).toContain('1 producto');
  expect((await client.findByCode(product.code)).category).toBe(other);
  expect((await client.search({ category: other })).items.map((item) => item.id)).toEqual([product.id]);

  const refused = await client.post(`/categories/${id}/delete`);
  expect(refused.status).toBe(409);
  expect(refused.text).toContain(`/categories/${id}/merge`);
  const { id: empty, name: emptyName } = await add();
  expect((await client.get(`/categories/${empty}/delete`)).text).toContain('No tiene productos');
  expect((await client.post(`/categories/${empty}/delete`)).status).toBe(303);
  expect(await idOf(emptyName)).toBeUndefined();
  expect((await client.get(`/categories/${empty}/edit`)).status).toBe(404);
});

test('a name that is equal but for case and accents is refused beside the field, and a merge is offered', async () => {
  const [one, other] = [await add(), await add()];
  const same = one.name.toUpperCase().replace('Í', 'I');
  const added = await client.post('/categories', { name: same });
  expect(added.status).toBe(422);
  expect(added.text).toContain(`Ya existe la categoría «${one.name}».`);
  expect(added.text).toContain(`value="${same}"`);
  const renamed = await client.post(`/categories/${other.id}`, { name: same, was: other.name });
  expect(renamed.status).toBe(422);
  expect(renamed.text).toContain('id="name-error"');
  expect(renamed.text).toContain(`/categories/${other.id}/merge?into=${one.id}`);
  // Its own name may change in case and accents.
  expect((await client.post(`/categories/${one.id}`, { name: same, was: one.name })).status).toBe(303);
  for (const bad of ['', ' ', 'x'.repeat(51), '__other__'])
    expect((await client.post('/categories', { name: bad })).status).toBe(422);
});

test('a rename that someone else has overtaken is refused once', async () => {
  const { id, name } = await add();
  const [first, second] = [uniqueName(), uniqueName()];
  expect((await client.post(`/categories/${id}`, { name: first, was: name })).status).toBe(303);
  const stale = await client.post(`/categories/${id}`, { name: second, was: name });
  expect(stale.status).toBe(409);
  expect(stale.text).toContain(`ahora es «${first}»`);
  expect(/name="was" value="([^"]*)"/.exec(stale.text)?.[1]).toBe(first);
});

test('a search finds products by the new name of their category at once, and after indexing', async () => {
  const { id, name } = await add();
  const codes = await insertProducts(id, 200);
  await waitUntil(async () => {
    const [[row]] = await primary.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM search_pending');
    return Number(row!.count) < 100;
  });
  const word = `zumbido${Date.now().toString(36)}`;
  await client.post(`/categories/${id}`, { name: `Ñandú ${word}`, was: name });
  for (const search of [word, `nandu ${word}`, `${word} ${codes[7]}`]) {
    expect([search, (await client.search({ search })).total > 0]).toEqual([search, true]);
  }
  await waitUntil(async () => {
    const [[row]] = await primary.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM category_rename');
    return Number(row!.count) === 0;
  });
  expect(await replicaHasAll(stack)).toBe(true);
  expect((await client.search({ search: word })).total).toBe(200);
});

test('a form that was opened before a rename keeps the renamed category', async () => {
  const { id, name } = await add();
  const product = await client.register({ category: name });
  const { text } = await client.get(`/products/${product.id}/edit`);
  const hidden = Object.fromEntries(
    [...text.matchAll(/name="((?:was\.)?\w+)" value="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
  );
  const other = uniqueName();
  await client.post(`/categories/${id}`, { name: other, was: name });
  const fields = { name: 'Otro nombre', code: product.code, quantity: 5, unit: 'unidad', category: name };
  const opened = Object.fromEntries(Object.entries(hidden).filter(([key]) => /^(was\.|version$)/.test(key)));
  expect((await client.post(`/products/${product.id}`, { ...opened, ...fields })).status).toBe(303);
  expect(await client.findByCode(product.code)).toMatchObject({ name: 'Otro nombre', category: other });
  expect(await idOf(name)).toBeUndefined();
  // So does a new product.
  const added = await client.register({ category: name });
  expect((await client.findByCode(added.code)).category).toBe(other);
  // Typed as a new one, it is new.
  const typed = await client.register({ category: '__other__', newCategory: name });
  expect((await client.findByCode(typed.code)).category).toBe(name);
});

test('a product cannot be saved with a category that was deleted after the form was opened', async () => {
  const { id, name } = await add();
  await client.post(`/categories/${id}/delete`);
  const fields = { name: 'x', code: uniqueCode(), quantity: 1, unit: 'unidad', category: name };
  const refused = await client.post('/products', fields);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain(`La categoría «${name}» ya no existe.`);
  expect(refused.text).toContain('id="category-error"');
});

test('a merge asks first, moves all products, also deleted ones, and removes the category', async () => {
  const [source, target] = [await add(), await add()];
  const codes = await insertProducts(source.id, 1200);
  const deleted = await client.register({ category: source.name });
  await client.post(`/products/${deleted.id}/delete`);
  await client.register({ category: target.name });

  const asked = await client.get(`/categories/${source.id}/merge?into=${target.id}`);
  expect(asked.text).toContain(`1200 productos pasarán a «${target.name}».`);
  await merge(source, target);
  expect(await lastSentence('es')).toBe(
    `fusionó la categoría «${source.name}» con «${target.name}» (productos: 1200).`,
  );
  await waitForMerge(source);
  expect(await lineOf(target.name)).toContain('1201 productos');
  expect((await client.findByCode(codes[600]!)).category).toBe(target.name);
  await client.post(`/products/${deleted.id}/restore`);
  expect((await client.findByCode(deleted.code)).category).toBe(target.name);
  // A form that still has the old one.
  const late = await client.register({ category: source.name });
  expect((await client.findByCode(late.code)).category).toBe(target.name);
  expect(await wrongCounts()).toEqual([]);
});

test('while a merge is under way, its page says so, saves get the target, and nothing else is done to it', async () => {
  const [source, target, third] = [await add(), await add(), await add()];
  await insertProducts(source.id, 700);
  // No outbox entry, so no instance goes on with it.
  await primary.query('INSERT INTO category_merge (source_id, target_id) VALUES (?, ?)', [
    source.id,
    target.id,
  ]);
  await waitUntil(async () => (await lineOf(source.name))!.includes('Fusionando'));
  expect(await lineOf(source.name)).toContain(`con «${target.name}»: faltan 700 productos`);
  const saved = await client.register({ category: source.name });
  expect((await client.findByCode(saved.code)).category).toBe(target.name);
  const busy = [
    await client.post(`/categories/${source.id}`, { name: uniqueName(), was: source.name }),
    await client.post(`/categories/${source.id}/merge`, { into: third.id }),
    await client.post(`/categories/${target.id}/merge`, { into: third.id }),
    await client.post(`/categories/${third.id}/merge`, { into: source.id }),
    await client.post(`/categories/${target.id}/delete`),
  ];
  expect(busy.map(({ status }) => status)).toEqual([409, 409, 409, 409, 409]);

  // An instance that stops after its first batch.
  const stopping = new AbortController();
  const { catalogue } = databases;
  const stoppingAfterOne = {
    transact: async (...given: Parameters<typeof catalogue.transact>) => {
      const done = await catalogue.transact(...given);
      stopping.abort();
      return done;
    },
    readPrimary: catalogue.readPrimary.bind(catalogue),
  } as unknown as typeof catalogue;
  const stopped = finishMerge({ catalogue: stoppingAfterOne }, source.id, stopping.signal);
  await expect(stopped).rejects.toBeInstanceOf(LeaseLostError);
  const [[left]] = await primary.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS count FROM product WHERE category_id = ?',
    [source.id],
  );
  expect(Number(left!.count)).toBe(200);
  expect(await idOf(source.name)).toBe(source.id);
  await finishMerge(databases, source.id, new AbortController().signal);
  await finishMerge(databases, source.id, new AbortController().signal);
  expect(await idOf(source.name)).toBeUndefined();
  expect(await replicaHasAll(stack)).toBe(true);
  expect(await lineOf(target.name)).toContain('701 productos');
});

test('a merge leaves a product that someone has locked until it is free', async () => {
  const [source, target] = [await add(), await add()];
  await insertProducts(source.id, 3);
  const person = await stack.connect('primary');
  await person.query('BEGIN');
  await person.query('SELECT id FROM product WHERE category_id = ? LIMIT 1 FOR UPDATE', [source.id]);
  await merge(source, target);
  await waitUntil(async () => (await lineOf(source.name))?.includes('falta 1 producto') ?? false);
  await person.query('COMMIT');
  await person.end();
  await waitForMerge(source);
});

test('a merge into itself, into nothing or without a target is refused', async () => {
  const { id } = await add();
  for (const into of [String(id), '4294967295', 'x', '']) {
    const refused = await client.post(`/categories/${id}/merge`, { into });
    expect([into, refused.status]).toEqual([into, 422]);
    expect(refused.text).toContain('Elija otra categoría de la lista.');
  }
});

test('counts stay exact through saves, deletions, restores, imports and merges at once', async () => {
  const categories = await Promise.all([add(), add(), add()]);
  const names = categories.map(({ name }) => name);
  const work = names.flatMap((name) =>
    Array.from({ length: 6 }, async (_, index) => {
      const product = await client.register({ category: name });
      if (index % 3 === 1) await client.post(`/products/${product.id}/delete`);
      if (index % 6 === 1) await client.post(`/products/${product.id}/restore`);
    }),
  );
  const rows = names.map((name) => `${uniqueCode()},Importado,${name},3`);
  const { id: imported } = await preview(
    client,
    Buffer.from(['Código,Nombre,Categoría,Cantidad', ...rows].join('\n')),
  );
  await apply(client, imported);
  await Promise.all(work);
  await merge(categories[0], categories[1]);
  await waitForMerge(categories[0]);
  expect(await wrongCounts()).toEqual([]);
  while ((await databases.catalogue.transact(addUpCounts)).numAffectedRows > 0n);
  expect(await wrongCounts()).toEqual([]);
  const [[left]] = await primary.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS count FROM category_count WHERE writer > 0',
  );
  expect(Number(left!.count)).toBe(0);
});

test('people who save products of one category do not wait for each other', async () => {
  const { id } = await add();
  const [one, other] = [await stack.connect('primary'), await stack.connect('primary')];
  await other.query('SET innodb_lock_wait_timeout = 1');
  const insert = (connection: Connection) =>
    connection.query<ResultSetHeader>(
      "INSERT INTO product (code, name, description, category_id, quantity, unit) VALUES (?, 'x', ?, ?, 1, 'unidad')",
      [uniqueCode(), MARK, id],
    );
  await one.query('BEGIN');
  await insert(one);
  await insert(other);
  await one.query('ROLLBACK');
  await Promise.all([one.end(), other.end()]);
  expect(await wrongCounts()).toEqual([]);
});

test('shows a hundred categories, then the next ones', async () => {
  const prefix = `Cien ${Date.now().toString(36)}`;
  const names = Array.from({ length: 103 }, (_, index) => `${prefix} ${String(index).padStart(3, '0')}`);
  await primary.query('INSERT INTO category (name) VALUES ?', [names.map((name) => [name])]);
  const search = encodeURIComponent(prefix);
  await waitUntil(async () => (await client.get(`/categories?search=${search}`)).text.includes('rel="next"'));
  const first = (await client.get(`/categories?search=${search}`)).text;
  const next = /rel="next" href="([^"]+)"/.exec(first)![1]!.replaceAll('&#38;', '&').replaceAll('&amp;', '&');
  const second = (await client.get(next)).text;
  expect([first, second].map((text) => text.match(/<li>/g)!.length)).toEqual([100, 3]);
  expect(second).toContain(names.at(-1));
});
