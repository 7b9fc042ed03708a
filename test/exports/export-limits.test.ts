import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ExcelJS from 'exceljs';
import { datesIn } from '../../src/locales/dates.ts';
import { ROLES } from '../../src/auth/permissions.ts';
import { writeCsv, writeWorkbook } from '../../src/exports/product-export.ts';
import { NO_BOOK } from '../../src/products/book-queries.ts';
import type { Product } from '../../src/products/product.ts';
import { Client } from '../support/client.ts';
import {
  isWhole,
  LONG_ROWS,
  LongCatalogue,
  readHeadersOnly,
  runningExports,
  startDownload,
} from '../support/long-downloads.ts';
import type { RawConnection } from '../support/raw-http.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const MARK = 'slow-files';

let client: Client;
let catalogue: LongCatalogue;

beforeAll(async () => {
  client = await Client.signedIn();
  catalogue = await LongCatalogue.add(MARK);
});

afterAll(() => catalogue.remove());

function startExport(file: string): RawConnection {
  return startDownload({ path: `/products/${file}?search=${MARK}`, as: client });
}

test('a third export of one user is rejected with Retry-After, and accepted once another has ended', async () => {
  const direct = await Client.signedIn(`http://127.0.0.1:${stack.process('web1').port}`);
  const running = await Promise.all(
    [startExport('export.csv'), startExport('export.xlsx')].map(readHeadersOnly),
  );
  try {
    const refused = await direct.get(`/products/export.csv?search=${MARK}`);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('10');
    expect(refused.text).toContain('Ya se están preparando varias exportaciones.');
    expect(refused.headers['content-disposition']).toBeUndefined();
    expect((await direct.get('/products')).status).toBe(200);
    for (const connection of running) connection.close();
    await waitUntil(async () => (await direct.get('/products/export.csv?search=zzzz')).status === 200);
  } finally {
    for (const connection of running) connection.close();
  }
});

test.each(['export.csv', 'export.xlsx'])(
  'a client that disconnects during %s ends the query',
  async (file) => {
    const connection = await readHeadersOnly(startExport(file));
    await waitUntil(async () => (await runningExports()) > 0);
    connection.close();
    await waitUntil(async () => (await runningExports()) === 0);
    // Slots and connections have been released.
    for (let i = 0; i < 25; i++) expect((await client.get('/products')).status).toBe(200);
  },
);

/** Resident memory of web1, in MB. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${stack.process('web1').pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

/** Peak growth of web1 in MB. */
async function growthUntil(isOver: () => Promise<boolean> | boolean): Promise<number> {
  const before = await memory();
  let most = before;
  await waitUntil(async () => {
    most = Math.max(most, await memory());
    return isOver();
  });
  return most - before;
}

test('a client that reads nothing is disconnected, and uses little memory until then', async () => {
  const connection = await readHeadersOnly(startExport('export.csv'));
  await waitUntil(async () => (await runningExports()) > 0);
  const growth = await growthUntil(async () => (await runningExports()) === 0);
  connection.socket.resume();
  await connection.ended;
  // The rows are 35 MB, several times that as objects.
  expect(growth).toBeLessThan(100);
  expect(isWhole(connection)).toBe(false);
});

test('a slow client gets the whole workbook, and uses little memory', async () => {
  const connection = await readHeadersOnly(startExport('export.xlsx'));
  await waitUntil(async () => (await runningExports()) > 0);
  let hasEnded = false;
  void connection.ended.then(() => (hasEnded = true));
  connection.socket.on('data', () => connection.socket.pause());
  const slowReads = setInterval(() => connection.socket.resume(), 3);
  const growth = await growthUntil(() => hasEnded);
  clearInterval(slowReads);
  expect(growth).toBeLessThan(150);
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(Buffer.from(withoutChunks(connection.received), 'latin1') as never);
  expect(workbook.worksheets[0]!.rowCount).toBe(LONG_ROWS + 1);
});

test.each([
  ['a workbook', writeWorkbook],
  ['CSV', writeCsv],
] as const)('%s is written no faster than it is read', async (_what, write) => {
  let made = 0;
  async function* products(): AsyncGenerator<Product> {
    for (; made < LONG_ROWS; made++) {
      if (made % 100 === 0) await setImmediate();
      const description = randomBytes(192).toString('hex');
      const text = { code: `C-${made}`, name: 'x', description, barcodes: '', category: 'x', unit: 'u' };
      const more = { location: '', supplier: '', supplierCode: '', tags: '', notes: '', onSale: 0 };
      const amounts = { price: 1250, cost: null, taxRate: null, weight: null };
      const stock = {
        quantity: 0,
        available: false,
        level: 'out',
        minimumStock: 0,
        orderQuantity: 0,
      } as const;
      yield {
        ...text,
        ...more,
        ...NO_BOOK,
        ...amounts,
        ...stock,
        id: made,
        updatedAt: new Date(0),
        version: 1,
      };
    }
  }
  let taken = 0;
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      taken += chunk.length;
      // Stops accepting data after a while.
      if (taken < 500_000) done();
    },
  });
  const writing = write(products(), out, {
    t: ((key: string) => key) as never,
    dates: datesIn('es', 'UTC'),
    language: 'es',
    permissions: ROLES.viewer,
  }).catch(() => undefined);
  let seen = -1;
  while (seen !== made) {
    seen = made;
    await sleep(1000);
  }
  expect(made).toBeGreaterThan(100);
  expect(made).toBeLessThan(LONG_ROWS / 2);
  out.destroy();
  await writing;
});

/** The body without the chunk sizes. */
function withoutChunks(received: string): string {
  let rest = received.slice(received.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (let size = parseInt(rest, 16); size > 0; size = parseInt(rest, 16)) {
    const start = rest.indexOf('\r\n') + 2;
    body += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
  return body;
}

test('through NGINX the database is free long before a slow client has the file, and the file is whole', async () => {
  const slow = startDownload({
    path: `/products/export.csv?search=${MARK}`,
    as: client,
    port: Number(new URL(baseUrl).port),
  });
  await readHeadersOnly(slow);
  await waitUntil(async () => (await runningExports()) === 0);
  slow.socket.resume();
  await slow.ended;
  expect(withoutChunks(slow.received).match(new RegExp(`;${MARK}-\\d+;`, 'g'))).toHaveLength(LONG_ROWS);
});
