import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { SORT_COLUMNS } from '../../src/product-list/list-columns.ts';
import { Random } from '../bench/catalogue/random.ts';
import { CATEGORIES, seededProducts } from '../bench/catalogue/products.ts';
import { Client, uniqueCode } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { PlainSearch, type PlainFilter } from './plain-search.ts';

/** Enough for every search strategy: most words match more products than are sorted at once. */
const PRODUCTS = 20_000;
const PAGE = 50;

let stack: Stack;
let primary: Connection;
let client: Client;

beforeAll(async () => {
  stack = await Stack.start();
  primary = await stack.data.connect('primary');
  client = await Client.signedIn(stack.url);
  await insertProducts();
  await waitForIndex();
}, 240_000);

afterAll(async () => {
  await primary.end();
  await stack.stopAndClean();
});

async function insertProducts(): Promise<void> {
  await primary.query('INSERT IGNORE INTO category (name) VALUES ?', [CATEGORIES.map((name) => [name])]);
  const [categories] = await primary.query<RowDataPacket[]>('SELECT id, name FROM category');
  const idOf = new Map(categories.map(({ id, name }) => [String(name), Number(id)]));
  const rows: unknown[][] = [];
  for (const { category, ...product } of seededProducts()) {
    if (rows.length === PRODUCTS) break;
    const { code, name, description, quantity, unit } = product;
    rows.push([code, name, description, idOf.get(category), quantity, unit]);
  }
  for (let from = 0; from < rows.length; from += 2000) {
    await primary.query(
      'INSERT INTO product (code, name, description, category_id, quantity, unit) VALUES ?',
      [rows.slice(from, from + 2000)],
    );
  }
}

/** Direct changes on the primary are not covered by read-your-writes. */
async function waitForReplica(): Promise<void> {
  expect(await replicaHasAll(stack.data)).toBe(true);
}

/** On primary and replica. */
async function waitForIndex(): Promise<void> {
  await waitUntil(async () => (await countPending()) < 100);
  await waitForReplica();
}

async function countPending(): Promise<number> {
  const [[row]] = await primary.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM search_pending');
  return Number(row?.count);
}

const TERMS = [
  'a',
  'ñ',
  '%',
  'de',
  'sé',
  'cam',
  'tornillo',
  'TORNILLO',
  'lámpara',
  'lampara',
  'illo',
  'acero',
  'tornillo acero',
  'acero de tornillo',
  'a e i o u',
  'de de de',
  'rosca zzz',
  'xyzzy',
  'FER',
  'FER-00',
  '84',
  '0012',
  '-00',
  '12 mm',
  'ferretería',
  'ferretería acero',
  'agotado',
  'tornillo agotado',
  'disponible',
  'out of stock',
  'mm²',
  '"',
  '_',
  '🏔️',
  'canon',
  'cañón',
  'nino',
  'n',
  'montana',
  'ano nuevo',
  'caña nino',
  'FER0',
  'fer0001',
  'fer 0001',
  'F.E.R_00/01',
  'f-e-r',
  '12mm',
  'x12',
  '2.5',
  '84.24',
  '-',
  '/ .',
];

/** Compares the first `pages` pages with the plain search, which may have been read before if nothing has changed. */
async function expectSame(
  filter: PlainFilter,
  { pages = 3, plain }: { pages?: number; plain?: PlainSearch } = {},
): Promise<void> {
  const expected = await (plain ?? (await PlainSearch.read(primary))).find(filter);
  const query = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''));
  const found: number[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages; page++) {
    const answer = await client.search({ ...query, limit: PAGE, ...(cursor && { cursor }) });
    found.push(...answer.items.map(({ id }) => id));
    if (answer.totalIsExact) expect([filter, answer.total]).toEqual([filter, expected.length]);
    else expect(expected.length).toBeGreaterThan(answer.total);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  expect([filter, found]).toEqual([filter, expected.slice(0, pages * PAGE)]);
  expect([filter, cursor === null]).toEqual([filter, expected.length <= pages * PAGE]);
}

test('returns exactly what the plain search returns, for every term and order', async () => {
  const plain = await PlainSearch.read(primary);
  const sorts = ['', ...SORT_COLUMNS, ...SORT_COLUMNS.map((column) => `-${column}`)];
  for (const [index, search] of TERMS.entries()) {
    // Each term takes four of the orders; together they cover every order several times.
    for (const step of [0, 4, 8, 12]) {
      const sort = sorts[(index + step) % sorts.length]!;
      await expectSame({ search, category: '', availability: '', sort }, { plain });
    }
  }
}, 300_000);

test('returns exactly what the plain search returns, under every filter', async () => {
  const plain = await PlainSearch.read(primary);
  const random = new Random(7);
  const categories = ['', 'Ferretería', 'Libros', CATEGORIES.at(-1)!];
  const sorts = ['', ...SORT_COLUMNS, ...SORT_COLUMNS.map((column) => `-${column}`)];
  for (let round = 0; round < 120; round++) {
    const filter = {
      search: random.chance(0.4) ? '' : random.pick(TERMS),
      category: random.pick(categories),
      availability: random.pick(['', 'available', 'low', 'out_of_stock']),
      sort: random.pick(sorts),
    };
    await expectSame(filter, { plain });
  }
}, 300_000);

test('pages to the end and back, through sections of every size', async () => {
  const plain = await PlainSearch.read(primary);
  for (const query of [
    { search: 'ferretería tornillo', sort: 'name' },
    { search: 'tornillo', sort: '-unit', availability: 'out_of_stock' },
    { search: 'FER', sort: '', availability: 'out_of_stock' },
    { search: '', sort: 'category', availability: 'out_of_stock' },
  ]) {
    const expected = await plain.find({ availability: '', ...query, category: '' });
    const addresses: string[] = [];
    let address: string | undefined = `/products?${new URLSearchParams(query).toString()}`;
    const seen: number[] = [];
    while (address) {
      const { text } = await client.get(address);
      seen.push(...numbersIn(text));
      addresses.push(address);
      address = linkIn(text, 'next');
    }
    expect(seen).toEqual(expected);
    const back: number[][] = [];
    for (address = addresses.at(-1); address;) {
      const { text } = await client.get(address);
      back.unshift(numbersIn(text));
      address = linkIn(text, 'prev');
    }
    expect(back.flat()).toEqual(expected);
  }
}, 300_000);

function numbersIn(html: string): number[] {
  return [...html.matchAll(/<tr data-product="(\d+)"/g)].map(([, id]) => Number(id)).filter(Boolean);
}

function linkIn(html: string, rel: string): string | undefined {
  return new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&');
}

test('finds the current state of a product that is not yet indexed, or whose entry is stale', async () => {
  const { id, code } = await client.register({ name: 'Zurriburri cromado', description: 'Único' });
  const numbers = async (search: string) => (await client.search({ search })).items.map((item) => item.id);
  expect(await numbers('zurriburri')).toEqual([id]);
  expect(await numbers('rriburr croma')).toEqual([id]);
  const [[row]] = await primary.query<RowDataPacket[]>('SELECT version FROM product WHERE id = ?', [id]);
  await client.post(`/products/${id}`, {
    ...{ name: 'Ñandutí', description: '', quantity: 0, unit: 'unidad', category: 'Otros' },
    ...{ code, version: String(row?.version) },
  });
  expect(await numbers('zurriburri')).toEqual([]);
  expect(await numbers('ñandutí agotado')).toEqual([id]);
  await client.post(`/products/${id}/delete`);
  expect(await numbers('ñandutí')).toEqual([]);
  await client.post(`/products/${id}/restore`);
  expect(await numbers('ñandutí')).toEqual([id]);
});

test('stays correct while many products change, indexed or pending', async () => {
  await primary.query(
    `UPDATE product SET name = CONCAT('Álamo ', REVERSE(name)), quantity = IF(quantity = 0, 3, 0)
     WHERE id % 7 = 0 AND id < 6000`,
  );
  const filters = [
    { search: 'álamo', sort: 'name' },
    { search: 'ollinrot', sort: '' },
    { search: 'tornillo', sort: 'name' },
    { search: 'tornillo', sort: '-availability' },
    { search: 'agotado', sort: 'code' },
    { search: 'a', sort: 'name' },
  ].map((filter) => ({ category: '', availability: '', ...filter }));
  await waitForReplica();
  const plain = await PlainSearch.read(primary);
  for (const filter of filters) await expectSame(filter, { plain });
  await waitForIndex();
  for (const filter of filters) await expectSame(filter, { plain });
}, 300_000);

test.each([
  ['all products are pending', 1],
  ['too many products are pending to use the index', 6],
])(
  'is correct while %s',
  async (_, times) => {
    // Holds the lock of the indexer.
    await primary.query('START TRANSACTION; SELECT id FROM search_indexer FOR UPDATE');
    const clearing = await stack.data.connect('primary');
    await clearing.query('DELETE FROM search_posting; DELETE FROM search_pending');
    for (let time = 0; time < times; time++) {
      await clearing.query('INSERT INTO search_pending (product_id) SELECT id FROM product');
    }
    await waitForReplica();
    const plain = await PlainSearch.read(primary);
    for (const search of ['tornillo', 'cañón', 'ferretería acero', 'xyzzy']) {
      await expectSame({ search, category: '', availability: '', sort: '' }, { pages: 1, plain });
      await expectSame({ search, category: '', availability: '', sort: 'name' }, { pages: 1, plain });
    }
    await clearing.end();
    await primary.query('ROLLBACK');
    await waitForIndex();
    await expectSame({ search: 'tornillo', category: '', availability: '', sort: 'name' }, { plain });
  },
  300_000,
);

test('finds part numbers once products of an earlier version are indexed again', async () => {
  const indexer = await stack.data.connect('primary');
  await indexer.query('START TRANSACTION; SELECT id FROM search_indexer FOR UPDATE');
  // The earlier version did not index runs across separators.
  await primary.query("DELETE FROM search_posting WHERE gram REGEXP '^[a-z]+[0-9]+$' OR gram LIKE '»___'");
  await waitForReplica();
  const filter = { category: '', availability: '', sort: '' };
  // Meanwhile, it finds what that version found.
  await expectSame({ ...filter, search: 'FER-0001' }, { pages: 1 });
  expect((await client.search({ search: 'fer0001', sort: 'name' })).items).toEqual([]);
  await primary.query('ROLLBACK');
  await indexer.query('UPDATE search_indexer SET reindex_from = 0; COMMIT');
  await indexer.end();
  await waitUntil(async () => {
    const [[row]] = await primary.query<RowDataPacket[]>('SELECT reindex_from AS next FROM search_indexer');
    return row?.next === null;
  });
  await waitForReplica();
  for (const search of ['fer0001', 'FER-0001', 'fer 0001', '12mm']) await expectSame({ ...filter, search });
}, 300_000);

const NAMES_IN_EVERY_SCRIPT = [
  'Þórir ŒUVRE',
  'straße №5',
  'ŁÓDŹ đuro ħal',
  '商品 二',
  'ＦＵＬＬ１２',
  'ﬁn',
  'x\u200Dy',
  'Ωmega ς',
  'Ǹandu ｎｉñｏ',
  'D’Aquí «cosa» 5″',
  'Wi\u2011Fi a\u00ADlar\u00ADma',
  'Tubo ½ – ㎏ 가',
  '\u200Boculto',
];

test('compares letters as saving does, and quotes and dashes of every kind, in every script', async () => {
  const codes: string[] = [];
  for (const name of NAMES_IN_EVERY_SCRIPT) {
    const { code } = await client.register({ name, code: `${uniqueCode()}\u2011${name.slice(0, 9)}` });
    codes.push(code);
  }
  const plain = await PlainSearch.read(primary);
  for (const search of codes)
    await expectSame({ search, category: '', availability: '', sort: '' }, { pages: 1, plain });
  const searches = [
    ...[
      'thorir',
      'þ',
      'th',
      'œ',
      'oeuv',
      'ss',
      'ß',
      'STRASSE',
      'no5',
      'lodz',
      'duro',
      'hal',
      '商品',
      '二',
      '㊁',
    ],
    ...[
      'full12',
      'ﬁ',
      'fi',
      'x\u200Dy',
      'x\u200By',
      'x\u00ADy',
      'xy',
      'ω',
      'σ',
      '№',
      '５',
      'nino',
      'ñandu',
      'nandu',
    ],
    ...[
      "d'aqui",
      'd´aqui',
      '"cosa"',
      "''cosa''",
      '“cosa”',
      '5"',
      '5″',
      '5′′',
      'wi-fi',
      'wi–fi',
      'alarma',
      'al\u200Barma',
    ],
    ...[
      '1/2',
      '½',
      '12',
      'kg',
      '㎏',
      '가',
      '\u1100\u1161',
      'oculto',
      '\u200Bocu',
      '\uFEFFoculto',
      'ocu\uFEFFlto',
      'mm2',
    ],
    ...['\u2013', '\u200B', '\u0301', '\u200B \u0301 xy'],
  ];
  const compareAll = async () => {
    const plain = await PlainSearch.read(primary);
    for (const [index, search] of searches.entries()) {
      const filter = { search, category: '', availability: '', sort: index % 4 === 0 ? 'name' : '' };
      await expectSame(filter, { pages: 1, plain });
    }
  };
  await compareAll();
  // Once more from the index.
  await primary.query(
    'INSERT INTO search_pending (product_id) SELECT id FROM product ORDER BY id DESC LIMIT 600',
  );
  await waitForIndex();
  await primary.query('UPDATE product SET quantity = 1 - quantity WHERE quantity < 2');
  await waitForIndex();
  await compareAll();
}, 300_000);
