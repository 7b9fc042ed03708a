import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Client } from '../support/client.ts';
import { preview } from '../support/import-files.ts';
import { isWhole, LongCatalogue, readHeadersOnly, startDownload } from '../support/long-downloads.ts';
import { createPerson } from '../support/people.ts';
import type { RawConnection } from '../support/raw-http.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const IMPORTED_ROWS = 40_000;
const MARK = 'broken-files';
/** One more than the slots of a user: without a release, the last one is refused. */
const ROUNDS = 3;
const TRY_LIMIT_MS = 20_000;
const EXPORTS = [`/products/export.csv?search=${MARK}`, `/products/export.xlsx?search=${MARK}`];

let client: Client;
let direct: Client;
let primary: Connection;
let catalogue: LongCatalogue;
let result: string;

beforeAll(async () => {
  client = await Client.signedIn();
  direct = await Client.signedIn(stack.instanceUrls()[0]);
  primary = await stack.connect('primary');
  catalogue = await LongCatalogue.add(MARK);
  const rows = Array.from(
    { length: IMPORTED_ROWS },
    (_, i) => `${MARK}-new-${i};Nuevo;${randomBytes(240).toString('hex')};Otros;1;unidad`,
  );
  const file = ['Código;Nombre;Descripción;Categoría;Cantidad;Unidad', ...rows].join('\r\n');
  result = `/imports/${(await preview(client, file)).id}/result.csv`;
});

afterAll(async () => {
  await primary.end();
  await catalogue.remove();
});

const newId = () => randomBytes(16).toString('hex');

function start(path: string, { as = direct, id = newId() } = {}): RawConnection {
  return startDownload({ path, as, headers: [`X-Request-Id: ${id}`] });
}

async function beginReading(connection: RawConnection): Promise<RawConnection> {
  await readHeadersOnly(connection);
  expect(connection.status).toBe(200);
  return connection;
}

/** Waits until the answer ends. */
async function isComplete(connection: RawConnection): Promise<boolean> {
  let hasEnded = false;
  void connection.ended.then(() => (hasEnded = true));
  connection.socket.resume();
  await waitUntil(() => hasEnded);
  return isWhole(connection);
}

/** The application's statements like this one, on every server. */
async function running(statement: string): Promise<{ server: Connection; id: number }[]> {
  const servers = await Promise.all(['primary', 'replica1'].map((name) => stack.connect(name)));
  const found = await Promise.all(
    servers.map(async (server) => {
      const [rows] = await server.query<RowDataPacket[]>(
        // That of performance_schema cuts statements off.
        `SELECT id AS id FROM information_schema.processlist
         WHERE user = 'inventario_app' AND info LIKE ?`,
        [statement],
      );
      return rows.map(({ id }) => ({ server, id: Number(id) }));
    }),
  );
  const all = found.flat();
  for (const server of servers) if (!all.some((one) => one.server === server)) await server.end();
  return all;
}

async function kill(statement: string): Promise<void> {
  await waitUntil(async () => {
    const found = await running(statement);
    for (const { server, id } of found) await server.query('KILL CONNECTION ?', [id]);
    for (const server of new Set(found.map((one) => one.server))) await server.end();
    return found.length > 0;
  });
}

async function countRunning(statement: string): Promise<number> {
  const found = await running(statement);
  for (const server of new Set(found.map((one) => one.server))) await server.end();
  return found.length;
}

async function logged(id: string, part: string): Promise<void> {
  await waitUntil(async () => {
    const lines = (await readFile(join(stack.varDir, 'log/web1.log'), 'utf8')).split('\n');
    return lines.some((line) => line.includes(id) && line.includes(part));
  });
}

test.each(EXPORTS)(
  'a lost connection breaks %s off, frees its slot, and is logged and shown as failed',
  async (path) => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = newId();
      const progress = newId();
      const answer = await beginReading(start(`${path}&progress=${progress}`, { id }));
      await kill(`%${MARK}%`);
      expect(await isComplete(answer)).toBe(false);
      await logged(id, '"level":"error"');
      await waitUntil(async () => {
        const answer = await client.get(`/api/exports/${progress}`);
        return (answer.body as { state: string }).state === 'failed';
      });
    }
    expect((await direct.get('/products/export.csv?search=zzzz')).status).toBe(200);
  },
);

test.each(['product_import_row', 'product_import_part'])(
  'a connection lost while it reads %s breaks the result of an import off, frees its slot, and is logged',
  async (table) => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = newId();
      const answer = await beginReading(start(result, { id }));
      await primary.query(`LOCK TABLES ${table} WRITE`);
      try {
        answer.socket.resume();
        await kill(`%from \`${table}\`%`);
        expect(await isComplete(answer)).toBe(false);
      } finally {
        await primary.query('UNLOCK TABLES');
      }
      await logged(id, '"level":"error"');
    }
    expect(await isComplete(start(result))).toBe(true);
  },
);

test.each([...EXPORTS, 'result.csv'])('a client that leaves %s takes no slot with it', async (path) => {
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await beginReading(start(path === 'result.csv' ? result : path));
    answer.close();
    await waitUntil(async () => (await countRunning(`%${MARK}%`)) === 0);
  }
  const next = path === 'result.csv' ? result : '/products/export.csv?search=zzzz';
  await waitUntil(() => isComplete(start(next)));
});

test('clients that leave before their request is handled take no slot with them', async () => {
  for (let round = 0; round < 60; round++) {
    const answer = start(result);
    await sleep(round % 15);
    answer.close();
  }
  await waitUntil(() => isComplete(start(result)));
});

test('a client that reads one byte a second is cut off, and the log says so', async () => {
  const id = newId();
  const answer = await beginReading(start(EXPORTS[0]!, { id }));
  const reading = setInterval(() => answer.socket.read(1) as unknown, 1000);
  try {
    await logged(id, '"cutOff":"client stalled"');
    await waitUntil(async () => (await countRunning(`%${MARK}%`)) === 0);
  } finally {
    clearInterval(reading);
    answer.close();
  }
});

describe('while the replica hangs', () => {
  let person: Client;
  let pid: number;

  beforeAll(async () => {
    ({ pid } = stack.process('replica1'));
    const { username, password } = await createPerson(client, 'viewer');
    person = new Client(stack.instanceUrls()[0]);
    await person.logIn(username, password);
  });

  beforeEach(async () => {
    // The replica is then known to show the writes of this person, and is not asked about them again.
    await waitUntil(async () => (await tryExport()).status === 200);
  });

  afterEach(() => void process.kill(pid, 'SIGCONT'));

  const tryExport = () => person.agent.get('/products/export.csv?search=zzzz').timeout(TRY_LIMIT_MS);

  test('an export asks the primary instead', async () => {
    process.kill(pid, 'SIGSTOP');
    expect((await tryExport()).status).toBe(200);
  });

  test('a client that leaves takes no slot with it', async () => {
    const hanging = await Promise.all(EXPORTS.map((path) => beginReading(start(path, { as: person }))));
    process.kill(pid, 'SIGSTOP');
    for (const answer of hanging) answer.close();
    await waitUntil(async () => (await tryExport()).status === 200);
  });
});
