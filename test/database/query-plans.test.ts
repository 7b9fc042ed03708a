import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { SORT_COLUMNS } from '../../src/product-list/list-columns.ts';
import { FIRST_PAGE } from '../bench/bare-route.ts';
import { Client } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { Stack } from '../support/stack.ts';

/** From a sample of a large index, MySQL takes it to have many more categories than there are. */
const FEW = { rows: 10_000, categories: 7 };
const MANY = { rows: 10_000_000, categories: 700 };
/** Tables that grow with the catalogue. */
const GROWING = [
  'product',
  'product_barcode',
  'book',
  'deleted_product',
  'stock_movement',
  'product_event',
  'search_posting',
  'product_outflow',
  'product_outflow_day',
];

let stack: Stack;
let primary: Connection;
let replica: Connection;
let client: Client;

beforeAll(async () => {
  stack = await Stack.start();
  primary = await stack.data.connect('primary');
  replica = await stack.data.connect('replica1');
  client = await Client.signedIn(stack.url);
}, 240_000);

afterAll(async () => {
  await primary.end();
  await replica.end();
  await stack.stopAndClean();
});

/** Tells the primary's optimizer of so many rows; what has many values in a table has one for each row. */
async function pretend({ rows, categories }: typeof FEW): Promise<void> {
  for (const table of GROWING) {
    await primary.query(
      `UPDATE mysql.innodb_table_stats
       SET n_rows = ?, clustered_index_size = ? DIV 95, sum_of_other_index_sizes = ? DIV 40
       WHERE database_name = 'inventario' AND table_name = ?`,
      [rows, rows, rows, table],
    );
    await primary.query(
      `UPDATE mysql.innodb_index_stats
       SET stat_value = CASE
         WHEN stat_name IN ('size', 'n_leaf_pages') THEN ? DIV IF(index_name = 'PRIMARY', 95, 300)
         WHEN index_name LIKE 'filtered%' AND stat_name = 'n_diff_pfx01' THEN ?
         WHEN index_name LIKE 'filtered%' AND stat_name = 'n_diff_pfx02' THEN ?
         WHEN stat_value > 100 THEN ?
         ELSE stat_value END
       WHERE database_name = 'inventario' AND table_name = ?`,
      [rows, categories, 2 * categories, rows, table],
    );
    await primary.query(`FLUSH NO_WRITE_TO_BINLOG TABLES inventario.${table}`);
  }
}

/** The distinct statements on the catalogue that `work` makes the system execute. */
async function statementsOf(work: () => Promise<void>): Promise<string[]> {
  const servers = [primary, replica];
  const [[now]] = await primary.query<RowDataPacket[]>('SELECT NOW(6) AS began');
  for (const server of servers) {
    await server.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
  }
  await work();
  const found = new Set<string>();
  for (const server of servers) {
    await server.query('SET GLOBAL general_log = OFF');
    const [rows] = await server.query<RowDataPacket[]>(
      `SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log
       WHERE command_type IN ('Query', 'Execute') AND user_host LIKE 'inventario_app%' AND event_time > ?`,
      [now!.began],
    );
    for (const { text } of rows) found.add(String(text).replace(/^\/\* request .*?\*\/ /, ''));
  }
  return [...found].filter(
    (text) => /^\s*\(?select/i.test(text) && /\b(product|deleted_product|stock_movement)\b/.test(text),
  );
}

/** The tables in the order in which they are read, each with how. */
async function planOf(statement: string): Promise<string[]> {
  const [rows] = await primary.query<RowDataPacket[]>(`EXPLAIN FORMAT = TRADITIONAL ${statement}`);
  return rows.map(({ table, type, key }) => [table, type, key].join(' '));
}

async function readsIndexAlone(statement: string, table: string): Promise<boolean> {
  const [rows] = await primary.query<RowDataPacket[]>(`EXPLAIN FORMAT = TRADITIONAL ${statement}`);
  return rows.some((row) => row.table === table && /Using index(?!\s*condition)/.test(String(row.Extra)));
}

async function plansOf(statements: string[]) {
  return Promise.all(statements.map(async (statement) => ({ statement, plan: await planOf(statement) })));
}

async function expectSamePlans(statements: string[]): Promise<void> {
  await pretend(FEW);
  const few = await plansOf(statements);
  await pretend(MANY);
  const many = await plansOf(statements);
  expect(many).toEqual(few);
}

test('pages, lists and totals are read in the same way from ten thousand and from ten million products', async () => {
  const statements = await statementsOf(async () => {
    const filters = [
      {},
      { category: 'Libros' },
      { availability: 'available' },
      { availability: 'out_of_stock' },
      { availability: 'low' },
      { availability: 'low', category: 'Libros' },
      { supplier: 'Andina', tag: 'oferta', location: 'A-1' },
      { author: 'Ana Paz', publisher: 'Sur', year: 1999, language: 'es', binding: 'pocket' },
    ];
    for (const column of SORT_COLUMNS) {
      for (const sort of [column, `-${column}`]) {
        for (const filter of [...filters, { category: 'Libros', availability: 'available' }]) {
          const { nextCursor } = await client.search({ ...filter, sort, limit: 5 });
          if (nextCursor) await client.search({ ...filter, sort, limit: 5, cursor: nextCursor });
        }
      }
    }
    for (const path of ['/products', '/products/1', '/products/1/edit', '/audit', '/api/products/total']) {
      expect([path, (await client.get(path)).status]).toEqual([path, 200]);
    }
  });
  expect(statements.length).toBeGreaterThan(40);
  await expectSamePlans(statements);
  // Rows would take five times as long. Of what is low there is little here.
  const isTotal = (text: string) => / as `counted`/.test(text) && !/JSON_TABLE|stock_level/.test(text);
  const totals = statements.filter(isTotal);
  expect(totals.length).toBeGreaterThan(3);
  for (const total of totals) expect([total, await readsIndexAlone(total, 'product')]).toEqual([total, true]);
}, 300_000);

test('searches and exports are, too', async () => {
  const statements = await statementsOf(async () => {
    for (const search of ['a', 'libro', 'ELE-0005', '8412345678905', 'ñ', 'xyzzy']) {
      for (const sort of ['', ...SORT_COLUMNS]) await client.search({ search, ...(sort && { sort }) });
    }
    expect((await client.get('/api/products/match?search=8412345678905')).status).toBe(200);
    for (const path of ['/products/export.csv', '/products/export.csv?search=libro&sort=name']) {
      expect([path, (await client.get(path)).status]).toEqual([path, 200]);
    }
  });
  expect(statements.length).toBeGreaterThan(40);
  await expectSamePlans(statements);
}, 300_000);

test('so is the trash, from its indexes', async () => {
  const { id } = await client.register();
  await client.post(`/products/${id}/delete`);
  const statements = await statementsOf(async () => {
    for (const query of [
      '',
      '?before=9999999999999.1',
      '?search=lib',
      '?search=lib&before=9999999999999.1',
    ]) {
      expect([query, (await client.get(`/trash${query}`)).status]).toEqual([query, 200]);
    }
  });
  const lists = statements.filter((text) => text.includes('deleted_product'));
  expect(lists).toHaveLength(5);
  await expectSamePlans(lists);
  for (const { statement, plan } of await plansOf(lists)) {
    const indexes = statement.includes('UNION') ? ['code', 'name'] : ['deleted_at'];
    for (const index of indexes) {
      expect([statement, plan.some((step) => step.endsWith(` ${index}`))]).toEqual([statement, true]);
    }
    expect([
      statement,
      plan.filter((step) => /^deleted(_product)? (ALL|index) (null|PRIMARY)?$/.test(step)),
    ]).toEqual([statement, []]);
  }
}, 300_000);

test('so is what to order, from its index', async () => {
  await client.register({ quantity: 1, minimumStock: 2, supplier: 'Andina' });
  const statements = await statementsOf(async () => {
    for (const path of ['/to-order', '/to-order?from=A', '/to-order?supplier=0', '/to-order/export.xlsx']) {
      expect([path, (await client.get(path)).status]).toEqual([path, 200]);
    }
  });
  const lists = statements.filter((text) => text.includes('order_from'));
  expect(lists.length).toBeGreaterThanOrEqual(4);
  await expectSamePlans(lists);
  for (const { statement, plan } of await plansOf(lists)) {
    const ofProducts = plan.filter((step) => /^(p|product) /.test(step));
    expect([statement, ofProducts.every((step) => step.endsWith(' order_from'))]).toEqual([statement, true]);
  }
}, 300_000);

test('so are the movements, with each filter and with several', async () => {
  const filters = [
    '',
    'product=1',
    'reason=initial',
    'reason=sale',
    'user=1',
    'document=F-1',
    'document=Import 1',
  ];
  filters.push(
    'product=1&reason=count',
    'user=1&reason=sale',
    'reason=initial&user=1&document=F-1&product=1',
  );
  const days = ['', 'from=2020-01-01', 'to=2999-01-01', 'from=2020-01-01&to=2020-01-02'];
  const positions = ['', 'before=400', 'after=2'];
  const statements = await statementsOf(async () => {
    for (const filter of filters) {
      for (const day of days) {
        for (const position of positions) {
          const path = `/movements?${[filter, day, position].filter(Boolean).join('&')}`;
          expect([path, (await client.get(path)).status]).toEqual([path, 200]);
        }
      }
      const file = `/movements/export.csv?${filter}`;
      expect([file, (await client.get(file)).status]).toEqual([file, 200]);
    }
  });
  expect(statements.length).toBeGreaterThan(40);
  await expectSamePlans(statements);
  const lists = statements.filter((text) => /stock_movement.*left join/s.test(text));
  // An empty range of numbers needs no table.
  const plans = (await plansOf(lists)).flatMap(({ plan }) => plan[0]?.trim() || []);
  expect([...new Set(plans.map((first) => first.split(' ').at(-1)))].sort()).toEqual([
    'created_at',
    'document',
    'person',
    'person_reason',
    'product',
    'reason',
  ]);
  // No list is sorted, and none reads a whole table but in the order of its pages.
  for (const text of lists) {
    const [rows] = await primary.query<RowDataPacket[]>(`EXPLAIN FORMAT = TRADITIONAL ${text}`);
    for (const { Extra } of rows)
      expect([text, String(Extra)]).toEqual([text, expect.not.stringMatching(/filesort|temporary/)]);
  }
}, 300_000);

test('so is the first page, which reads no whole table', async () => {
  const { id } = await client.register({ quantity: 5 });
  await client.post(`/products/${id}/movements`, { amount: '1', direction: 'out', purpose: 'sale' });
  const statements = await statementsOf(async () => {
    expect((await client.get('/')).status).toBe(200);
    expect((await client.get('/demonstration/remove')).status).toBe(200);
  });
  expect(statements.length).toBeGreaterThan(4);
  await expectSamePlans(statements);
  for (const { statement, plan } of await plansOf(statements)) {
    // In the order of an index, up to the tenth.
    const whole = plan.filter((read) => /^(product|stock_movement|product_outflow) (ALL|index) /.test(read));
    const inOrder = whole.filter((read) => !/ (quantity|created_at|idle)$/.test(read));
    expect([statement, inOrder]).toEqual([statement, []]);
  }
}, 300_000);

test('so is the floor of the bench', async () => {
  await expectSamePlans([FIRST_PAGE]);
  expect(await planOf(FIRST_PAGE)).toEqual(['product index PRIMARY', 'category eq_ref PRIMARY']);
});

test('so are ranges of prices, of few products and of many, which are counted in an index', async () => {
  await primary.query(
    `SET SESSION cte_max_recursion_depth = 11000;
     INSERT INTO product (code, name, description, category_id, quantity, unit, price)
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11000)
     SELECT CONCAT('PRECIO-', i), CONCAT('Precio ', SHA2(i, 224)), '', category.id, i MOD 4, 'unidad', 1000000 + i
     FROM n JOIN category ON category.name = 'Libros'`,
  );
  expect(await replicaHasAll(stack.data)).toBe(true);
  const many = { minPrice: '10000' };
  const all = await statementsOf(async () => {
    for (const prices of [many, { ...many, maxPrice: '10001' }]) {
      for (const filter of [
        {},
        { category: 'Libros' },
        { availability: 'available' },
        { category: 'Libros', availability: 'available' },
        { availability: 'low' },
        { search: 'precio' },
        { search: 'precio', category: 'Libros' },
      ]) {
        for (const sort of ['', ...SORT_COLUMNS, '-price']) {
          const query = { ...prices, ...filter, sort, limit: 5 };
          const { nextCursor } = await client.search(query);
          if (nextCursor) await client.search({ ...query, cursor: nextCursor });
        }
        const path = `/api/products/total?${new URLSearchParams({ ...prices, ...filter }).toString()}`;
        expect([path, (await client.get(path)).status]).toEqual([path, 200]);
      }
    }
  });
  const statements = all.filter((text) => text.includes('price_order'));
  expect(statements.length).toBeGreaterThan(60);
  // What is past most of ten thousand may be read from the beginning of the same index.
  const indexesOf = async () =>
    (await plansOf(statements)).map(({ statement, plan }) => ({
      statement,
      plan: plan.map((step) => step.replace(/^product (?:index|range) /, 'product ')),
    }));
  await pretend(FEW);
  const few = await indexesOf();
  await pretend(MANY);
  expect(await indexesOf()).toEqual(few);
  const counts = statements.filter((text) => /count\(\*\)/i.test(text) && !text.includes('JSON_TABLE'));
  expect(counts.length).toBeGreaterThan(10);
  for (const count of counts) expect([count, await readsIndexAlone(count, 'product')]).toEqual([count, true]);
  for (const { statement, plan } of await plansOf(statements)) {
    const whole = plan.filter((step) => /^product ALL /.test(step));
    expect([statement, whole]).toEqual([statement, []]);
  }
}, 300_000);
