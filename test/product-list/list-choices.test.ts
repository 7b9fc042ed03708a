import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from 'mysql2/promise';
import { isShown, readListChoices } from '../../src/product-list/list-choices.ts';
import { LIST_COLUMNS } from '../../src/product-list/list-columns.ts';
import { Client } from '../support/client.ts';
import { createPerson, type Person } from '../support/people.ts';
import { stack, withDelayedReplica } from '../support/shared-stack.ts';

const ALL = LIST_COLUMNS.filter(({ permission }) => !permission).map(({ name }) => name as string);
const AT_FIRST = LIST_COLUMNS.filter(({ isHiddenAtFirst }) => !isHiddenAtFirst).map(
  ({ name }) => name as string,
);

let administrator: Client;
/** Whose choices tests store past the form. */
let someone: Person;
let primary: Connection;

beforeAll(async () => {
  administrator = await Client.signedIn();
  someone = await createPerson(administrator, 'viewer');
  primary = await stack.connect('primary');
});
afterAll(() => primary.end());

async function choose({ client }: Person, fields: Record<string, string>, columns: string[]) {
  const form = new URLSearchParams({ _csrf: client.token, pageSize: '50', shortcuts: 'on', ...fields });
  for (const name of columns) form.append('columns', name);
  return client.agent.post('/list-choices').type('form').send(form.toString());
}

const listOf = async ({ client }: Person, query = '') => (await client.get(`/products${query}`)).text;
const headings = (html: string) =>
  [...html.matchAll(/<th scope="col" class="col-(\w+)"/g)].map(([, name]) => name!);
const cells = (html: string) => {
  const [row] = /<tr data-product="[1-9][^]*?<\/tr>/.exec(html)!;
  return [...row.matchAll(/<t[hd] class="col-(\w+)"/g)].map(([, name]) => name!);
};
const rowCount = (html: string) => html.match(/<tr data-product="[1-9]/g)!.length;

test('at first the list has every column but the hidden ones, and each person chooses their own', async () => {
  const person = await createPerson(administrator, 'viewer');
  const other = await createPerson(administrator, 'viewer');
  expect(headings(await listOf(person))).toEqual([...AT_FIRST, 'actions']);
  const saved = await choose(person, { return: '/products?search=a' }, ['category', 'availability']);
  expect([saved.status, saved.headers.location]).toEqual([303, '/products?search=a']);
  const html = await listOf(person);
  const wanted = ['name', 'code', 'category', 'availability', 'actions'];
  expect([headings(html), cells(html)]).toEqual([wanted, wanted]);
  expect(html).toContain('Vista guardada.');
  expect(headings(await listOf(other))).toEqual([...AT_FIRST, 'actions']);
});

test('name and code stay, also without any other column; the rows that live search fills in are alike', async () => {
  const person = await createPerson(administrator, 'clerk');
  await choose(person, {}, []);
  const html = await listOf(person);
  expect(cells(html)).toEqual(['name', 'code', 'actions']);
  const template = /<template id="row-template">[^]*?<\/template>/.exec(html)![0];
  expect([...template.matchAll(/<t[hd] class="col-(\w+)"/g)].map(([, name]) => name)).toEqual(cells(html));
});

test('every column is offered, ticked if it is shown', async () => {
  const person = await createPerson(administrator, 'clerk');
  await choose(person, {}, ['unit']);
  const html = await listOf(person);
  const boxes = [...html.matchAll(/name="columns" id="column-(\w+)" value="\w+" (checked)?/g)];
  // Who may see costs is offered them, too.
  expect(boxes.map(([, name]) => name)).toEqual(LIST_COLUMNS.map(({ name }) => name));
  expect(boxes.filter(([, , isTicked]) => isTicked).map(([, name]) => name)).toEqual([
    'name',
    'code',
    'unit',
  ]);
});

test('a field that comes later follows its own default until the person chooses', () => {
  const later = { name: 'unit', isSorted: true, isAlwaysShown: false, isHiddenAtFirst: true } as const;
  const earlier = readListChoices({ columns: { category: false }, pageSize: 25, hasShortcuts: true });
  expect(isShown(earlier, later)).toBe(false);
  expect(isShown(earlier, { ...later, isHiddenAtFirst: false })).toBe(true);
  expect(isShown(readListChoices({ columns: { unit: true } }), later)).toBe(true);
});

test('a page has 25, 50 or 100 products, and the next one goes on after it', async () => {
  const person = await createPerson(administrator, 'viewer');
  for (const size of [25, 100]) {
    await choose(person, { pageSize: String(size) }, ALL);
    const html = await listOf(person, '?sort=number');
    expect(rowCount(html)).toBe(size);
    const next = /id="next" rel="next" href="([^"]+)"/.exec(html)![1]!.replaceAll('&amp;', '&');
    const following = (await person.client.get(next)).text;
    const ids = (text: string) =>
      [...text.matchAll(/<tr data-product="([1-9]\d*)"/g)].map(([, id]) => Number(id));
    expect(ids(following)[0]).toBeGreaterThan(ids(html).at(-1)!);
  }
});

test('a choice shows at once, on every instance and device, while the replica lags', async () => {
  const person = await createPerson(administrator, 'viewer');
  const phone = new Client();
  await phone.logIn(person.username, person.password);
  await withDelayedReplica(1, async () => {
    for (const columns of [['unit'], ['category'], []]) {
      await choose(person, {}, columns);
      for (let i = 0; i < 6; i++) {
        const client = i % 2 ? phone : person.client;
        expect(headings((await client.get('/products')).text)).toEqual([
          'name',
          'code',
          ...columns,
          'actions',
        ]);
      }
    }
  });
});

test.each([
  '"text"',
  'null',
  '[]',
  '{}',
  '{"columns":"unit","pageSize":30,"hasShortcuts":"no"}',
  '{"columns":{"name":false,"code":false,"nothing":true,"unit":"false"},"pageSize":1000000}',
])('stored choices that do not fit leave the list as it is at first: %s', async (stored) => {
  await primary.query('UPDATE user SET list_choices = ? WHERE id = ?', [stored, someone.id]);
  const html = await listOf(someone);
  expect([headings(html), rowCount(html)]).toEqual([[...AT_FIRST, 'actions'], 50]);
  expect(html).toContain('list-keys.js');
});

test('a page size that is not offered is refused with a message, and nothing is stored', async () => {
  const person = await createPerson(administrator, 'viewer');
  const refused = await choose(person, { pageSize: '5000', return: '/products?search=x' }, [
    'unit',
    'nothing',
  ]);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Elija uno de los tamaños.');
  expect(refused.text).toContain('name="return" value="/products?search=x"');
  expect(refused.text).toMatch(/value="unit" checked/);
  expect(refused.text).not.toMatch(/value="category" checked/);
  expect(headings(await listOf(person))).toEqual([...AT_FIRST, 'actions']);
});

test('with the keys turned off the list has no script for them', async () => {
  const person = await createPerson(administrator, 'clerk');
  expect(await listOf(person)).toMatch(/aria-keyshortcuts="n"[^]*list-keys\.js/);
  await choose(person, { shortcuts: '' }, ALL);
  expect(await listOf(person)).not.toMatch(/aria-keyshortcuts|list-keys\.js/);
});

test('leads back to a local address only', async () => {
  const saved = await choose(someone, { return: '//evil.example' }, ALL);
  expect(saved.headers.location).toBe('/products');
});
