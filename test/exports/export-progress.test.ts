import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';
import {
  isWhole,
  LONG_ROWS,
  LongCatalogue,
  readHeadersOnly,
  runningExports,
  startDownload,
} from '../support/long-downloads.ts';
import { createPerson } from '../support/people.ts';
import type { RawConnection } from '../support/raw-http.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const MARK = 'followed-files';

let client: Client;
let catalogue: LongCatalogue;

beforeAll(async () => {
  client = await Client.signedIn();
  catalogue = await LongCatalogue.add(MARK);
});

afterAll(() => catalogue.remove());

const newId = () => randomBytes(16).toString('hex');

/** Stops reading after the headers. */
async function startExport(file: string): Promise<RawConnection> {
  return readHeadersOnly(startDownload({ path: `/products/${file}`, as: client }));
}

async function progressOf(id: string, someone = client) {
  const answer = await someone.get(`/api/exports/${id}`);
  return {
    status: answer.status,
    ...(answer.body as { state?: string; rows?: number; total?: number | null }),
  };
}

test('every instance reports the progress of an export and the number of products', async () => {
  // An export that is not read for 15 s is cut off.
  const clients = await Promise.all(
    ['web1', 'web2', 'web3'].map((name) => Client.signedIn(`http://127.0.0.1:${stack.process(name).port}`)),
  );
  const id = newId();
  const connection = await startExport(`export.csv?progress=${id}`);
  try {
    await waitUntil(
      async () => ((await progressOf(id)).rows ?? 0) > 0 && (await progressOf(id)).total !== null,
    );
    for (const there of clients) {
      const { state, rows, total } = await progressOf(id, there);
      expect(state).toBe('running');
      expect(total).toBeGreaterThanOrEqual(LONG_ROWS);
      expect(rows).toBeLessThan(total!);
    }
    connection.socket.resume();
    await connection.ended;
    await waitUntil(async () => (await progressOf(id)).state !== 'running');
    const { state, rows, total } = await progressOf(id);
    expect({ state, rows }).toEqual({ state: 'done', rows: total });
  } finally {
    connection.close();
  }
});

test.each(['export.csv', 'export.xlsx'])('cancelling %s leaves the file incomplete', async (file) => {
  const id = newId();
  const connection = await startExport(`${file}?progress=${id}`);
  await waitUntil(async () => (await progressOf(id)).state === 'running');
  const answer = await client.send('POST', `/api/exports/${id}/cancel`);
  expect(answer.status).toBe(204);
  // A fast machine would read the whole file before the instance asks whether it is cancelled.
  await waitUntil(async () => (await runningExports()) === 0);
  connection.socket.resume();
  await connection.ended;
  expect(isWhole(connection)).toBe(false);
  expect((await progressOf(id)).state).toBe('cancelled');
  // There is nothing left to cancel.
  expect((await client.send('POST', `/api/exports/${id}/cancel`)).status).toBe(404);
});

test('a client that disconnects cancels its export', async () => {
  const id = newId();
  const connection = await startExport(`export.xlsx?progress=${id}`);
  await waitUntil(async () => (await progressOf(id)).state === 'running');
  connection.close();
  await waitUntil(async () => (await progressOf(id)).state === 'cancelled');
});

test('a filtered export has no total, and a repeated address starts from zero', async () => {
  const id = newId();
  for (const search of [`${MARK}-1`, 'nothing-is-called-so']) {
    const { text } = await client.get(`/products/export.csv?search=${search}&progress=${id}`);
    const rows = text.trimEnd().split('\r\n').length - 1;
    await waitUntil(async () => {
      const progress = await progressOf(id);
      return progress.state === 'done' && progress.rows === rows && progress.total === null;
    });
  }
});

test('users can neither see nor cancel the exports of others', async () => {
  const id = newId();
  await client.get(`/products/export.csv?search=zzzz&progress=${id}`);
  await waitUntil(async () => (await progressOf(id)).state === 'done');
  const { client: other } = await createPerson(client, 'clerk');
  expect((await progressOf(id, other)).status).toBe(404);
  expect((await other.send('POST', `/api/exports/${id}/cancel`)).status).toBe(404);
});

test('an invalid progress id does not prevent the export', async () => {
  for (const id of ['', '%00', 'x', `${newId()}0`]) {
    const response = await client.get(`/products/export.csv?search=zzzz&progress=${id}`);
    expect(response.status).toBe(200);
  }
  expect((await progressOf('x')).status).toBe(404);
});
