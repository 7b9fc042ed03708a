import { addUsers } from '../support/added-users.ts';
import { measureEdits } from './measure-edits.ts';
import { measureExports } from './measure-exports.ts';
import { measureFloor } from './measure-floor.ts';
import { measureImports } from './measure-imports.ts';
import { measureInserts } from './measure-inserts.ts';
import { measureLogInPage } from './measure-log-in-page.ts';
import { measureLogIns } from './measure-log-ins.ts';
import { measureMovements } from './measure-movements.ts';
import { measurePages } from './measure-pages.ts';
import { measurePaint } from './measure-paint.ts';
import { measurePhotos } from './measure-photos.ts';
import { measureSearch, totalsRow, type TermResult } from './measure-search.ts';
import { measureShop } from './measure-shop.ts';
import { Person } from './person.ts';
import type { Row } from './report.ts';
import { countByFullScan } from './search-truth.ts';
import { BenchSystem, type BuildTimes, type Instance } from './system.ts';
import type { Figures } from './timing.ts';

const BASELINE_PRODUCTS = 10_000;
const MAX_GROWTH = 3;

export interface Order {
  products: number;
  quick: boolean;
  stopping: AbortSignal;
  log: (what: string) => void;
}

export interface Measured {
  rows: Row[];
  terms: TermResult[];
  built: BuildTimes;
}

/** Measures a small system as the baseline, then one with `products`. */
export async function measureAll(order: Order): Promise<Measured> {
  const { products, stopping, log } = order;
  log(`a system with ${BASELINE_PRODUCTS} products, as the baseline`);
  const baseline = await BenchSystem.with({ products: BASELINE_PRODUCTS, stopping }, async (system) => {
    const person = await Person.signIn(system.url);
    const { times } = await measureSearch(person, repeatsOf(order));
    person.close();
    return { times, instance: await system.startInstance(startsOf(order)) };
  });
  log(`a system with ${products} products`);
  return BenchSystem.with({ products, stopping }, (system) => measure(system, order, baseline));
}

interface Baseline {
  times: Figures;
  instance: Instance;
}

async function measure(system: BenchSystem, order: Order, baseline: Baseline): Promise<Measured> {
  const { products, quick, log } = order;
  const repeats = repeatsOf(order);
  const rows: Row[] = [builtRow(system.built, products)];
  /** A failed measurement becomes a row; the others still run. */
  const add = async (what: string, work: () => Promise<Row[]>) => {
    log(what);
    const failed = (error: unknown) => [{ what, target: 'an answer', isMet: false, note: String(error) }];
    rows.push(...(await work().catch(failed)));
  };

  await add('the log-in page', () => measureLogInPage(system.url));
  await addUsers(system.data, ['otra']);
  const person = await Person.signIn(system.url);
  const other = await Person.signIn(system.url, 'otra');
  const floor = await measureFloor(
    system,
    person,
    quick ? { rounds: 2, seconds: 2, warmUpRequests: 500 } : { rounds: 4, seconds: 4, warmUpRequests: 5000 },
  );
  rows.push(...floor.rows);
  // Before any write, as in the baseline.
  await add('an instance', async () => [
    instanceRow(baseline.instance, await system.startInstance(startsOf(order))),
  ]);
  let terms: TermResult[] = [];
  await add('search', async () => {
    const search = await measureSearch(person, repeats);
    const counts = await countByFullScan(system.data);
    terms = search.terms.map((term, index) => ({ ...term, really: counts[index]! }));
    return [...search.rows, totalsRow(terms), growthRow(baseline.times, search.times)];
  });
  await add('pages', () => measurePages(person, { products, repeats }));
  await add('movements', () => measureMovements(person, repeats));
  await add('log-ins', () => measureLogIns(system.url, person, quick ? 1 : 3));
  await add('edits', () => measureEdits(system, person, other, repeats * 40));
  // Before what leaves many products to be indexed.
  await add('carts and orders', () =>
    measureShop(system, quick ? { buyers: 60, rush: 300 } : { buyers: 200, rush: 1500 }),
  );
  await add('the shop in a browser', () => measurePaint(system.url, repeats));
  await add('photos', () => measurePhotos(person, other));
  await add('bulk INSERT', () => measureInserts(system));
  await add('exports', () => measureExports(system, person));
  if (await person.has('/imports')) await add('imports', () => measureImports(system, person, other));
  person.close();
  other.close();
  for (const row of rows) if (row.times) row.timesFloor = row.times.p50 / floor.route.p50;
  return { rows, terms, built: system.built };
}

function repeatsOf({ quick }: Order): number {
  return quick ? 2 : 5;
}

function startsOf({ quick }: Order): number {
  return quick ? 1 : 3;
}

function builtRow({ load, start, index }: BuildTimes, products: number): Row {
  return {
    what: `a system with ${products.toLocaleString('en-US')} products`,
    note: `loaded in ${load.toFixed(0)} s, indexed in ${index.toFixed(0)} s, cloned and started in ${start.toFixed(0)} s`,
  };
}

function growthRow(baseline: Figures, many: Figures): Row {
  const growth = many.p95 / baseline.p95;
  return {
    what: `search with ${BASELINE_PRODUCTS.toLocaleString('en-US')} products`,
    times: baseline,
    target: `p95 grows ≤ ${MAX_GROWTH} times`,
    isMet: growth <= MAX_GROWTH,
    note: `with all products ${growth.toFixed(1)} times`,
  };
}

function instanceRow(baseline: Instance, many: Instance): Row {
  return {
    what: 'an instance, when it serves',
    memory: many.memory,
    target: 'as with few products',
    isMet: many.memory <= baseline.memory * 1.1 && many.ms <= baseline.ms * 1.5,
    note: `after ${Math.round(many.ms)} ms; with few products ${baseline.memory.toFixed(0)} MB after ${Math.round(baseline.ms)} ms`,
  };
}
