import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { FIRST_PAGE, type BareRouteSettings } from './bare-route.ts';
import { MeasuredRoute } from './measured-route.ts';
import { visitorsWithOwnPages } from './own-pages.ts';
import type { Person } from './person.ts';
import { CONNECTIONS, crowdOf, warmUp } from './rate.ts';
import type { Row } from './report.ts';
import type { BenchSystem } from './system.ts';
import { figuresOf, type Figures } from './timing.ts';

const FIRST_PAGE_PATH = '/api/products';
/** Weights 3, 2 and 1: the last instance gets one request in six. */
const SHARES = 6;

export interface Floor {
  rows: Row[];
  query: Figures;
  route: Figures;
}

/** Measures the bare route, a shared first page and a list page per visitor, in alternating rounds. */
export async function measureFloor(
  system: BenchSystem,
  person: Person,
  { rounds, seconds, warmUpRequests }: Rounds,
): Promise<Floor> {
  const database = await system.data.address('replica1', 'inventario_app', 'APP_PASSWORD');
  const query = figuresOf(await timeQuery(database, rounds * 100));
  const readers = await visitorsWithOwnPages(system);
  const signedInCrowd = crowdOf({ headers: person.headers, paths: [FIRST_PAGE_PATH] });
  const anonymousCrowd = crowdOf({ headers: {}, paths: ['/'] });
  return withBareRoute({ port: system.stack.port + 31, database }, async (bareUrl) => {
    const bare = new MeasuredRoute(bareUrl, anonymousCrowd);
    const page = new MeasuredRoute(system.url, signedInCrowd);
    const own = new MeasuredRoute(system.url, readers);
    await warmUp(bareUrl, anonymousCrowd, warmUpRequests);
    await warmUp(system.url, signedInCrowd, warmUpRequests * SHARES);
    await warmUp(system.url, readers, warmUpRequests);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 100; i++) for (const each of [bare, page, own]) await each.requestOnce();
      for (const each of [bare, page, own]) await each.loadFor(seconds);
    }
    for (const each of [bare, page, own]) each.close();
    const route = figuresOf(bare.times);
    const comparedToFloor = (measured: MeasuredRoute) => ({
      times: figuresOf(measured.times),
      rate: measured.rate,
      shareOfFloor: measured.rate / bare.rate,
      note: `${CONNECTIONS} connections, p95 ${figuresOf(measured.timesUnderLoad).p95.toFixed(1)} ms, ${measured.rounds} a second`,
    });
    const shared = comparedToFloor(page);
    const rows: Row[] = [
      { what: 'floor: mysql2, first page', times: query },
      { what: 'floor: Express, one query', times: route, rate: bare.rate, note: `${bare.rounds} a second` },
      {
        what: 'JSON first page, signed in, NGINX',
        ...shared,
        target: 'rate ≥ 0.5 : floor',
        isMet: shared.shareOfFloor >= 0.5,
      },
      { what: 'JSON pages, no two people the same', ...comparedToFloor(own) },
    ];
    return { rows, query, route };
  });
}

export interface Rounds {
  rounds: number;
  seconds: number;
  /** Per process, so that V8 has optimized the code before measuring. */
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
