import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { createConnection } from 'mysql2/promise';
import { FIRST_PAGE, type BareRouteSettings } from './bare-route.ts';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import type { BenchSystem } from './system.ts';
import { figuresOf, median, TimedClient, type Figures } from './timing.ts';

const FIRST_PAGE_PATH = '/api/products';
const CONNECTIONS = 20;
/** Of the weights 3, 2 and 1: the last instance gets one in so many. */
const SHARES = 6;

export interface Floor {
  rows: Row[];
  query: Figures;
  route: Figures;
}

/** What the least that could be done for a page takes, and the JSON first page beside it, in turns. */
export async function measureFloor(
  system: BenchSystem,
  person: Person,
  { rounds, seconds, warmUpRequests }: Rounds,
): Promise<Floor> {
  const database = await system.data.address('replica1', 'inventario_app', 'APP_PASSWORD');
  const query = figuresOf(await timeQuery(database, rounds * 100));
  return withBareRoute({ port: system.stack.port + 31, database }, async (bareUrl) => {
    const times: { bare: number[]; page: number[] } = { bare: [], page: [] };
    const rates: { bare: number[]; page: number[] } = { bare: [], page: [] };
    const bareClient = new TimedClient(bareUrl);
    const pageUrl = system.url + FIRST_PAGE_PATH;
    await warmUp(bareUrl, {}, warmUpRequests);
    await warmUp(pageUrl, person.headers, warmUpRequests * SHARES);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 100; i++) {
        times.bare.push((await bareClient.ask('/', { headers: {} })).ms);
        times.page.push((await person.get(FIRST_PAGE_PATH)).ms);
      }
      rates.bare.push(await rateOf(bareUrl, {}, seconds));
      rates.page.push(await rateOf(pageUrl, person.headers, seconds));
    }
    bareClient.close();
    const route = figuresOf(times.bare);
    const ratio = median(rates.page) / median(rates.bare);
    const rows: Row[] = [
      { what: 'floor: mysql2, first page', times: query },
      { what: 'floor: Express, one query', times: route, rate: median(rates.bare) },
      {
        what: 'JSON first page, signed in, NGINX',
        times: figuresOf(times.page),
        rate: median(rates.page),
        shareOfFloor: ratio,
        target: 'rate ≥ 0.5 : floor',
        isMet: ratio >= 0.5,
        note: `${CONNECTIONS} connections, rounds ${rates.bare.map(Math.round).join()} and ${rates.page.map(Math.round).join()} a second`,
      },
    ];
    return { rows, query, route };
  });
}

export interface Rounds {
  rounds: number;
  seconds: number;
  /** What runs often is compiled better and better: each process answers so many before it counts. */
  warmUpRequests: number;
}

async function timeQuery(database: object, count: number): Promise<number[]> {
  const connection = await createConnection(database);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await connection.query(FIRST_PAGE);
    times.push(performance.now() - began);
  }
  await connection.end();
  return times;
}

async function warmUp(url: string, headers: Record<string, string>, requests: number): Promise<void> {
  await autocannon({ url, headers, connections: CONNECTIONS, amount: requests });
}

/** Answers a second. @throws when one of them was no success */
async function rateOf(url: string, headers: Record<string, string>, seconds: number): Promise<number> {
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: seconds });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} failed`);
  return result.requests.total / result.duration;
}

async function withBareRoute<T>(settings: BareRouteSettings, work: (url: string) => Promise<T>): Promise<T> {
  const file = fileURLToPath(new URL('bare-route.ts', import.meta.url));
  const server = spawn(process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  try {
    await once(server.stdout, 'data');
    return await work(`http://127.0.0.1:${settings.port}`);
  } finally {
    server.kill();
  }
}
