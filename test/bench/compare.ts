import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { SettingsError } from '../../src/config/settings.ts';
import { median } from './timing.ts';

/** Compares two versions row by row, by the medians of their runs. Exits with 1 if a row got worse. */
const USAGE = 'npm run bench:compare -- BEFORE.json[,MORE.json] AFTER.json[,MORE.json] [--at-least 0.95]';

const runFile = z.object({
  products: z.number(),
  rows: z.array(
    z.object({
      what: z.string(),
      times: z.object({ p50: z.number().nullable() }).optional(),
      rate: z.number().nullish(),
    }),
  ),
});
type Run = z.infer<typeof runFile>;

interface Comparison {
  what: string;
  figure: 'p50 ms' | 'rate /s';
  before: number;
  after: number;
  /** Above 1: the later version is better. */
  ratio: number;
}

try {
  const { before, after, atLeast } = readArguments(process.argv.slice(2));
  const comparisons = compare(before, after);
  if (comparisons.length === 0) throw new SettingsError('The two sides have no row in common.');
  for (const { what, figure, before, after, ratio } of comparisons) {
    const isWorse = ratio < atLeast && !isFloor(what);
    console.log(
      [
        what.padEnd(36),
        figure.padEnd(7),
        before.toFixed(1).padStart(9),
        after.toFixed(1).padStart(9),
        ratio.toFixed(2).padStart(6),
        isWorse ? 'WORSE' : '',
      ]
        .join('  ')
        .trimEnd(),
    );
    if (isWorse) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 2;
}

function readArguments(argv: string[]) {
  const options = { 'at-least': { type: 'string', default: '0.95' } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    throw new SettingsError(`${(error as Error).message}\n${USAGE}`);
  }
  const [before, after, ...rest] = parsed.positionals;
  const atLeast = Number(parsed.values['at-least']);
  if (!before || !after || rest.length > 0 || !(atLeast > 0)) throw new SettingsError(USAGE);
  const sides = { before: before.split(',').map(readRun), after: after.split(',').map(readRun), atLeast };
  const sizes = new Set([...sides.before, ...sides.after].map(({ products }) => products));
  if (sizes.size > 1)
    throw new SettingsError(`The runs had different numbers of products: ${[...sizes].join()}`);
  return sides;
}

function readRun(file: string): Run {
  try {
    return runFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new SettingsError(
      `${file} is not what "npm run bench -- --json" writes: ${(error as Error).message}`,
    );
  }
}

function compare(before: Run[], after: Run[]): Comparison[] {
  const names = new Set([...before, ...after].flatMap(({ rows }) => rows.map(({ what }) => what)));
  return [...names].flatMap((what) => {
    const p50 = [before, after].map((runs) => medianOf(runs, what, ({ times }) => times?.p50));
    const rate = [before, after].map((runs) => medianOf(runs, what, (row) => row.rate));
    return [
      ...comparisonOf(what, 'p50 ms', p50, (earlier, later) => earlier / later),
      ...comparisonOf(what, 'rate /s', rate, (earlier, later) => later / earlier),
    ];
  });
}

function medianOf(
  runs: Run[],
  what: string,
  figure: (row: Run['rows'][number]) => number | null | undefined,
): number | undefined {
  const rows = runs.flatMap((run) => run.rows.filter((row) => row.what === what));
  const values = rows.map(figure).filter((value) => typeof value === 'number');
  return values.length > 0 ? median(values) : undefined;
}

function comparisonOf(
  what: string,
  figure: Comparison['figure'],
  [before, after]: (number | undefined)[],
  ratioOf: (before: number, after: number) => number,
): Comparison[] {
  if (before === undefined || after === undefined) return [];
  return [{ what, figure, before, after, ratio: ratioOf(before, after) }];
}

/** A floor measures the machine, not the product. */
function isFloor(what: string): boolean {
  return what.startsWith('floor:');
}
