import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventario-compare-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function run(
  name: string,
  p50: Record<string, number>,
  { products = 100_000, rate = 1000 } = {},
): Promise<string> {
  const file = join(folder, name);
  const rows = Object.entries(p50).map(([what, ms]) => ({ what, times: { p50: ms } }));
  await writeFile(file, JSON.stringify({ products, rows: [...rows, { what: 'first page', rate }] }));
  return file;
}

function compare(...args: string[]) {
  return spawnSync(process.execPath, [join(PROJECT_DIR, 'test/bench/compare.ts'), ...args], {
    encoding: 'utf8',
  });
}

test('compares the medians of several runs per side, for times and rates', async () => {
  const before = [await run('a', { save: 9 }), await run('b', { save: 10 }), await run('c', { save: 50 })];
  const after = [await run('d', { save: 5 }, { rate: 2000 }), await run('e', { save: 5 }, { rate: 2200 })];
  const { stdout, status } = compare(before.join(), after.join());
  expect(stdout).toMatch(/^save +p50 ms +10\.0 +5\.0 +2\.00$/m);
  expect(stdout).toMatch(/^first page +rate \/s +1000\.0 +2100\.0 +2\.10$/m);
  expect(status).toBe(0);
});

test('fails when a ratio is below 0.95, or below --at-least', async () => {
  const before = await run('before', { save: 9, search: 10 });
  const slower = await run('slower', { save: 10, search: 10 });
  const refused = compare(before, slower);
  expect(refused.stdout).toMatch(/^save .* 0\.90 +WORSE$/m);
  expect(refused.stdout).toMatch(/^search .* 1\.00$/m);
  expect(refused.status).toBe(1);
  expect(compare('--at-least', '0.85', before, slower).status).toBe(0);
  expect(compare(before, await run('fewer', { save: 9, search: 10 }, { rate: 900 })).status).toBe(1);
});

test('shows floors without judging them and omits rows that one side lacks', async () => {
  const before = await run('before', { 'floor: a save': 1, gone: 1 });
  const { stdout, status } = compare(before, await run('after', { 'floor: a save': 2, added: 1 }));
  expect(stdout).toMatch(/^floor: a save .* 0\.50$/m);
  expect(stdout).not.toMatch(/gone|added/);
  expect(status).toBe(0);
});

test('refuses runs that cannot be compared and gives the reason', async () => {
  const before = await run('before', { save: 1 });
  const larger = compare(before, await run('larger', { save: 1 }, { products: 1_000_000 }));
  expect([larger.status, larger.stderr]).toEqual([
    2,
    expect.stringContaining('different numbers of products'),
  ]);
  expect(compare(before).stderr).toContain('bench:compare --');
  expect(compare(before, join(folder, 'missing')).stderr).toContain('is not what "npm run bench -- --json"');
});
