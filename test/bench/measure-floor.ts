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
import { visitorsOfShop } from './shop-visitors.ts';
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

/** 1,000 a second where the bare route gives 2,100. */
const SHOP_SHARE = 0.476;

/** Measures the bare route, a shared first page, a list page per visitor and the shop, in alternating rounds. */
export async function measureFloor(
  system: BenchSystem,
  person: Person,
  { rounds, seconds, warmUpRequests }: Rounds,
): Promise<Floor> {
  const database = await system.data.address('replica1', 'inventario_app', 'APP_PASSWORD');
  const query = figuresOf(await timeQuery(database, rounds * 100));
  const readers = await visitorsWithOwnPages(system);
  const shop = await visitorsOfShop(system.url);
  const signedInCrowd = crowdOf({ headers: person.headers, paths: [FIRST_PAGE_PATH] });
  const anonymousCrowd = crowdOf({ headers: {}, paths: ['/'] });
  return withBareRoute({ port: system.stack.port + 31, database }, async (bareUrl) => {
    const bare = new MeasuredRoute(bareUrl, anonymousCrowd);
    const page = new MeasuredRoute(system.url, signedInCrowd);
    const own = new MeasuredRoute(system.url, readers);
    const list = new MeasuredRoute(system.url, shop.sameList);
    const product = new MeasuredRoute(system.url, shop.sameProduct);
    const lists = new MeasuredRoute(system.url, shop.lists);
    const products = new MeasuredRoute(system.url, shop.products);
    const all = [bare, page, own, list, product, lists, products];
    await warmUp(bareUrl, anonymousCrowd, warmUpRequests);
    await warmUp(system.url, signedInCrowd, warmUpRequests * SHARES);
    await warmUp(system.url, readers, warmUpRequests);
    for (const visitors of [shop.lists, shop.products])
      await warmUp(system.url, visitors, warmUpRequests * 2);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < 100; i++) for (const each of all) await each.requestOnce();
      for (const each of all) await each.loadFor(seconds);
    }
    for (const each of all) each.close();
    const route = figuresOf(bare.times);
    const comparedToFloor = (measured: MeasuredRoute) => ({
      times: figuresOf(measured.times),
      rate: measured.rate,
      shareOfFloor: measured.rate / bare.rate,
      note: `${CONNECTIONS} connections, p95 ${figuresOf(measured.timesUnderLoad).p95.toFixed(1)} ms, ${measured.rounds} a second`,
    });
    const ofShop = (measured: MeasuredRoute) => ({
      ...comparedToFloor(measured),
      target: `rate ≥ ${SHOP_SHARE} : floor`,
      isMet: measured.rate / bare.rate >= SHOP_SHARE,
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
      { what: 'shop: a list, NGINX', ...ofShop(list) },
      { what: 'shop: a product, NGINX', ...ofShop(product) },
      { what: 'shop: lists, no two people the same', ...comparedToFloor(lists) },
      { what: 'shop: products, no two the same', ...comparedToFloor(products) },
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
