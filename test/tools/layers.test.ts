import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

type Import = [from: string, to: string];

interface Report {
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

/** Runs dependency-cruiser on a project with these imports. @returns "from → to: rule" for each violation */
async function violationsOf(imports: Import[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inventario-layers-'));
  try {
    await mkdir(join(folder, 'tools'));
    const importsOf = Map.groupBy(imports, ([from]) => from);
    for (const file of new Set(imports.flat())) {
      const lines = importsOf.get(file)?.map(([, to]) => `import type { A } from '${join(folder, to)}';`);
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), [...(lines ?? []), 'export interface A {}'].join('\n'));
    }
    const config = join(PROJECT_DIR, '.dependency-cruiser.js');
    const { stdout } = spawnSync(
      join(PROJECT_DIR, 'node_modules/.bin/depcruise'),
      ['--config', config, '--output-type', 'json', 'src', 'tools'],
      { cwd: folder, encoding: 'utf8' },
    );
    const { violations } = (JSON.parse(stdout) as Report).summary;
    return violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule.name}`).sort();
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('allows imports from the same layer and lower ones', async () => {
  const imports: Import[] = [
    ['src/server.ts', 'src/app.ts'],
    ['src/app.ts', 'src/imports/import-routes.ts'],
    ['src/imports/import-routes.ts', 'src/spreadsheets/csv-reader.ts'],
    ['src/imports/import-routes.ts', 'src/products/product.ts'],
    ['src/auth/access.ts', 'src/audit/audit-trail.ts'],
    ['src/audit/audit-trail.ts', 'src/database/tables.ts'],
    ['tools/launcher/start.ts', 'src/config/config.ts'],
  ];
  expect(await violationsOf(imports)).toEqual([]);
});

describe('an import', () => {
  const wrong: [from: string, to: string, rule: string][] = [
    ['src/config/config.ts', 'src/auth/password-rules.ts', 'foundations-imports-downwards'],
    ['src/spreadsheets/csv-reader.ts', 'src/database/tables.ts', 'spreadsheets-without-database'],
    ['src/database/tables.ts', 'src/auth/roles.ts', 'database-imports-downwards'],
    ['src/jobs/lease.ts', 'src/imports/import-runner.ts', 'jobs-imports-downwards'],
    ['src/http/forms.ts', 'src/auth/session.ts', 'http-imports-downwards'],
    ['src/audit/audit-trail.ts', 'src/users/user-queries.ts', 'auth-imports-downwards'],
    ['src/stock/movements.ts', 'src/products/product.ts', 'stock-imports-downwards'],
    ['src/search/candidates.ts', 'src/product-list/filter.ts', 'search-imports-downwards'],
    ['src/products/product.ts', 'src/product-list/page.ts', 'products-imports-downwards'],
    ['src/product-list/page.ts', 'src/exports/routes.ts', 'product-list-imports-downwards'],
    ['src/system/drawing.ts', 'src/app.ts', 'features-imports-downwards'],
    ['src/orders/order.ts', 'src/checkout/page.ts', 'orders-imports-downwards'],
    ['src/no-layer/file.ts', 'src/stock/movements.ts', 'every-folder-has-a-layer'],
    ['src/app.ts', 'tools/launcher/start.ts', 'src-runs-alone'],
    ['tools/launcher/start.ts', 'test/support/stack.ts', 'tools-without-tests'],
  ];
  let violations: string[];

  beforeAll(async () => {
    violations = await violationsOf(wrong.map(([from, to]) => [from, to]));
  });

  test.each(wrong)('from %s to %s is refused', (from, to, rule) => {
    expect(violations).toContain(`${from} → ${to}: ${rule}`);
  });
});

test('refuses import cycles between folders of one layer, even of types', async () => {
  const circle: Import[] = [
    ['src/exports/a.ts', 'src/imports/b.ts'],
    ['src/imports/c.ts', 'src/exports/d.ts'],
  ];
  expect(await violationsOf(circle)).toEqual([
    'src/exports → src/imports: no-circles-between-folders',
    'src/imports → src/exports: no-circles-between-folders',
  ]);
});
