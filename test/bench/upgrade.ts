import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { setUp } from '../../src/commands/set-up-servers.ts';
import { readSetupConfig } from '../../tools/launcher/setup-config.ts';
import { readStackConfig } from '../../tools/launcher/stack-config.ts';
import { findFreePorts, Stack } from '../support/stack.ts';
import { seconds } from './catalogue/load.ts';
import { figuresOf } from './timing.ts';
import { WorkingPeople } from './working-people.ts';

/**
 * Migrates the data of an earlier version while its instances serve, then starts this version on them. Exits with 1
 * if a request failed or anything was lost.
 */
const USAGE = 'npm run bench:upgrade -- --from FOLDER_OF_AN_EARLIER_VERSION [--products 100000]';

const run = promisify(execFile);
const { from, products } = readOptions();
const varDir = await mkdtemp(join(tmpdir(), 'inventario-upgrade-'));
const port = await findFreePorts();
let stack: Stack | undefined;

try {
  console.log(`The earlier version fills a catalogue of ${products} products ...`);
  const build = ['--only-build', '--var', varDir, '--products', products];
  await run(process.execPath, [join(from, 'test/bench/bench.ts'), ...build], { maxBuffer: Infinity });
  stack = await Stack.start({ varDir, port, projectDir: from });
  const primary = await stack.data.connect('primary');
  const before = await readContents(primary);
  await primary.end();

  const people = await WorkingPeople.begin(stack.url);
  const config = readStackConfig([], { ...process.env, VAR_DIR: varDir, PORT: String(port) });
  const migration = await seconds(async () => {
    await setUp(readSetupConfig(config), { log: console.log });
  });
  await people.stop();
  const { count, p95, max } = figuresOf(people.times);
  console.log(`Migrated in ${migration.toFixed(1)} s while the instances of the earlier version served.`);
  console.log(
    `Meanwhile ${count} requests succeeded and ${people.failures.length} failed; p95 ${p95.toFixed(0)} ms, max ${max.toFixed(0)} ms.`,
  );
  for (const failure of people.failures.slice(0, 5)) console.log(failure);

  await stack.stop();
  const start = await seconds(async () => {
    stack = await Stack.start({ varDir, port });
  });
  console.log(`This version served after ${start.toFixed(1)} s.`);
  const upgraded = await stack.data.connect('primary');
  const indexing = await seconds(() => waitUntilIndexed(upgraded));
  console.log(`Its search index was complete ${indexing.toFixed(1)} s later.`);
  const after = await readContents(upgraded);
  await upgraded.end();

  const expected = { ...before, quantity: before.quantity + people.counted };
  const isWhole = JSON.stringify(after) === JSON.stringify(expected);
  console.log(
    isWhole ? 'Nothing is lost.' : `LOST: ${JSON.stringify(expected)} became ${JSON.stringify(after)}`,
  );
  if (!isWhole || people.failures.length > 0) process.exitCode = 1;
} finally {
  await stack?.stop();
  await rm(varDir, { recursive: true, force: true });
}

function readOptions() {
  const options = { from: { type: 'string' }, products: { type: 'string', default: '100000' } } as const;
  try {
    const { values } = parseArgs({ args: process.argv.slice(2), options });
    if (values.from !== undefined) return { from: resolve(values.from), products: values.products };
    console.error(USAGE);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
  }
  return process.exit(2);
}

interface Contents {
  products: number;
  /** Of what the people do not change meanwhile. */
  checksum: string;
  quantity: number;
  /** Whose movements do not add up to the quantity. */
  unexplained: number;
}

async function readContents(primary: Connection): Promise<Contents> {
  const [[row]] = await primary.query<RowDataPacket[]>(`
    SELECT COUNT(*) AS products, SUM(quantity) AS quantity,
      HEX(BIT_XOR(UNHEX(SHA2(CONCAT_WS('|', id, code, name, description, category_id, unit, created_at), 256)))) AS checksum,
      SUM(quantity <> COALESCE((SELECT SUM(delta) FROM stock_movement WHERE product_id = product.id), 0)) AS unexplained
    FROM product`);
  const { products, quantity, checksum, unexplained } = row!;
  return {
    products: Number(products),
    checksum: String(checksum),
    quantity: Number(quantity),
    unexplained: Number(unexplained),
  };
}

async function waitUntilIndexed(primary: Connection): Promise<void> {
  for (;;) {
    const [[row]] = await primary.query<RowDataPacket[]>(
      'SELECT EXISTS (SELECT 1 FROM search_indexer WHERE reindex_from IS NOT NULL) AS isIndexing',
    );
    if (row!.isIndexing === 0) return;
    await sleep(200);
  }
}
