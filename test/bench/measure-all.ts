import { addUsers } from '../support/added-users.ts';
import { measureEdits } from './measure-edits.ts';
import { measureExports } from './measure-exports.ts';
import { measureFloor } from './measure-floor.ts';
import { measureImports } from './measure-imports.ts';
import { measureInserts } from './measure-inserts.ts';
import { measurePages } from './measure-pages.ts';
import { measureSearch, totalsRow, type TermResult } from './measure-search.ts';
import { Person } from './person.ts';
import type { Row } from './report.ts';
import { countBySearchingAll } from './search-truth.ts';
import { BenchSystem, type BuildTimes, type Instance } from './system.ts';
import type { Figures } from './timing.ts';

/** The small catalogue that the large one is compared with. */
const FEW = 10_000;
const MOST_GROWTH = 3;

export interface Order {
  products: number;
  /** Fewer repeats. */
  quick: boolean;
  stopping: AbortSignal;
  say: (what: string) => void;
}

export interface Measured {
  rows: Row[];
  terms: TermResult[];
  built: BuildTimes;
}

/** Builds a small system and the one that was asked for, and measures both. */
export async function measureAll(order: Order): Promise<Measured> {
  const { products, stopping, say } = order;
  say(`a system with ${FEW} products, to compare with`);
  const few = await BenchSystem.with({ products: FEW, stopping }, async (system) => {
    const person = await Person.signIn(system.url);
    const { times } = await measureSearch(person, repeatsOf(order));
    person.close();
    return { times, instance: await system.startInstance(startsOf(order)) };
  });
  say(`a system with ${products} products`);
  return BenchSystem.with({ products, stopping }, (system) => measure(system, order, few));
}

interface Few {
  times: Figures;
  instance: Instance;
}

async function measure(system: BenchSystem, order: Order, few: Few): Promise<Measured> {
  const { products, quick, say } = order;
  const repeats = repeatsOf(order);
  await addUsers(system.data, ['otra']);
  const person = await Person.signIn(system.url);
  const other = await Person.signIn(system.url, 'otra');
  const rows: Row[] = [builtRow(system.built, products)];
  /** What fails is a row, too: the others are measured all the same. */
  const add = async (what: string, work: () => Promise<Row[]>) => {
    say(what);
    const failed = (error: unknown) => [{ what, target: 'an answer', isMet: false, note: String(error) }];
    rows.push(...(await work().catch(failed)));
  };

  const floor = await measureFloor(
    system,
    person,
    quick ? { rounds: 2, seconds: 2, warmUpRequests: 500 } : { rounds: 4, seconds: 4, warmUpRequests: 5000 },
  );
  rows.push(...floor.rows);
  // Before anything is written, as in the small system: nothing else is done then.
  await add('an instance', async () => [
    instanceRow(few.instance, await system.startInstance(startsOf(order))),
  ]);
  let terms: TermResult[] = [];
  await add('search', async () => {
    const search = await measureSearch(person, repeats);
    const counts = await countBySearchingAll(system.data);
    terms = search.terms.map((term, index) => ({ ...term, really: counts[index]! }));
    return [...search.rows, totalsRow(terms), growthRow(few.times, search.times)];
  });
  await add('pages', () => measurePages(person, { products, repeats }));
  await add('edits', () => measureEdits(system, person, other, repeats * 40));
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

function growthRow(few: Figures, many: Figures): Row {
  const growth = many.p95 / few.p95;
  return {
    what: `search with ${FEW.toLocaleString('en-US')} products`,
    times: few,
    target: `p95 grows ≤ ${MOST_GROWTH} times`,
    isMet: growth <= MOST_GROWTH,
    note: `with all products ${growth.toFixed(1)} times`,
  };
}

function instanceRow(few: Instance, many: Instance): Row {
  return {
    what: 'an instance, when it serves',
    memory: many.memory,
    target: 'as with few products',
    isMet: many.memory <= few.memory * 1.1 && many.ms <= few.ms * 1.5,
    note: `after ${Math.round(many.ms)} ms; with few products ${few.memory.toFixed(0)} MB after ${Math.round(few.ms)} ms`,
  };
}
