import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { SettingsError } from '../../src/settings.ts';
import { addUsers } from '../support/added-users.ts';
import { findFreePorts } from '../support/stack.ts';
import { prepareCatalogue } from './catalogue/prepare.ts';
import { measureEdits } from './measure-edits.ts';
import { measureExports } from './measure-exports.ts';
import { measureFloor } from './measure-floor.ts';
import { measureImports } from './measure-imports.ts';
import { measureInserts } from './measure-inserts.ts';
import { measurePages } from './measure-pages.ts';
import { measureSearch, totalsRow, type SearchResult } from './measure-search.ts';
import { readOptions, type BenchOptions } from './options.ts';
import { Person } from './person.ts';
import { tableOf, type Row } from './report.ts';
import { countBySearchingAll } from './search-truth.ts';
import { BenchSystem } from './system.ts';

/** The small catalogue that the large one is compared with. */
const FEW = 10_000;
const MOST_GROWTH = 3;

const began = performance.now();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2));
  if (options.onlyBuild) await buildFor(options.var!, options.products);
  else await measureAll(options);
} catch (error) {
  if (!stopping.signal.aborted) console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}

/** Leaves a data folder that `npm start` goes on with; none when it is cut off. */
async function buildFor(varDir: string, products: number): Promise<void> {
  if (existsSync(join(varDir, 'mysql')))
    throw new SettingsError(`There are data in ${varDir}; name another folder`);
  try {
    const port = await findFreePorts();
    await prepareCatalogue({ varDir, port, products, stopping: stopping.signal, say: console.log });
  } catch (error) {
    await rm(join(varDir, 'mysql'), { recursive: true, force: true });
    throw error;
  }
  say(`${products} products are there. Next: VAR_DIR=${varDir} npm start`);
}

interface Instance {
  ms: number;
  memory: number;
}

async function measureAll({ products, quick, json }: BenchOptions): Promise<void> {
  const repeats = quick ? 2 : 5;
  const with_ = { stopping: stopping.signal };
  say(`a system with ${FEW} products, to compare with`);
  const few = await BenchSystem.with({ ...with_, products: FEW }, async (system) => {
    const person = await Person.signIn(system.url);
    const search = await measureSearch(person, repeats);
    const instance = await system.startInstance();
    person.close();
    return { search, instance };
  });
  say(`a system with ${products} products`);
  const many = await BenchSystem.with({ ...with_, products }, (system) =>
    measure(system, { products, quick, repeats }),
  );
  const rows = [...many.rows, ...growthRows(few, many)];
  console.log(`\n${tableOf(rows)}`);
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1024 ** 2),
  };
  const seconds = Math.round((performance.now() - began) / 1000);
  if (json) {
    const { built, search } = many;
    await writeFile(
      json,
      JSON.stringify({ products, machine, seconds, built, rows, terms: search.terms }, null, 2),
    );
  }
  say(`done, on ${machine.cores} cores of ${machine.cpu}`);
}

async function measure(
  system: BenchSystem,
  { products, quick, repeats }: { products: number; quick: boolean; repeats: number },
) {
  const { built } = system;
  await addUsers(system.data, ['otra']);
  const person = await Person.signIn(system.url);
  const other = await Person.signIn(system.url, 'otra');
  say('the floor');
  const floor = await measureFloor(
    system,
    person,
    quick ? { rounds: 2, seconds: 2 } : { rounds: 4, seconds: 5 },
  );
  say('search');
  const search = await measureSearch(person, repeats);
  const counts = await countBySearchingAll(system.data);
  for (const [index, term] of search.terms.entries()) term.really = counts[index]!;
  say('pages');
  const pages = await measurePages(person, { products, repeats });
  say('edits');
  const edits = await measureEdits(person, other, repeats * 20);
  const inserts = await measureInserts(system);
  say('exports and imports');
  const exports = await measureExports(system, person);
  const imports = await measureImports();
  const instance = await system.startInstance();
  person.close();
  other.close();
  const rows: Row[] = [
    {
      what: `a system with ${products.toLocaleString('en-US')} products`,
      rate: products / built.load,
      note: `loaded in ${built.load.toFixed(0)} s, cloned and started in ${built.start.toFixed(0)} s, indexed in ${built.index.toFixed(0)} s`,
    },
    ...floor.rows,
    ...[...search.rows, ...pages, ...edits].map((row) => ({
      ...row,
      ...(row.times && !row.what.startsWith('somebody') && { ratio: row.times.p50 / floor.route.p50 }),
    })),
    totalsRow(search.terms),
    ...inserts,
    ...exports,
    ...imports,
  ];
  return { rows, search, instance, built };
}

interface Measured {
  search: SearchResult;
  instance: Instance;
}

function growthRows(few: Measured, many: Measured): Row[] {
  const growth = many.search.times.p95 / few.search.times.p95;
  const memory = many.instance.memory - few.instance.memory;
  return [
    {
      what: `search with ${FEW.toLocaleString('en-US')} products`,
      times: few.search.times,
      target: `p95 grows ≤ ${MOST_GROWTH} times`,
      isMet: growth <= MOST_GROWTH,
      note: `${growth.toFixed(1)} times with the large catalogue`,
    },
    {
      what: 'an instance, until it serves',
      memory: many.instance.memory,
      target: 'as with few products',
      isMet: memory <= 15 && many.instance.ms <= 1.5 * few.instance.ms,
      note:
        `${Math.round(many.instance.ms)} ms, with few products ${Math.round(few.instance.ms)} ms ` +
        `and ${few.instance.memory.toFixed(0)} MB`,
    },
  ];
}

function say(what: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${what}`);
}
