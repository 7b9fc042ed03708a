import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';

interface LockedPackage {
  version: string;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  link?: boolean;
}

let folder: string;
let locked: [path: string, LockedPackage][];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventario-supply-'));
  const lock = JSON.parse(await readFile(join(PROJECT_DIR, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  locked = Object.entries(lock.packages).filter(([path]) => path !== '');
});

afterAll(() => rm(folder, { recursive: true }));

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('the lock file pins every package by its SHA-512', () => {
  expect(locked.length).toBeGreaterThan(500);
  const unpinned = locked.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''));
  expect(unpinned).toEqual([]);
});

test('the lock file has no download URLs: each machine uses its own registry', () => {
  expect(locked.filter(([, { resolved, link }]) => resolved ?? link)).toEqual([]);
});

test('the bill of materials lists every production package and nothing about this machine', async () => {
  const file = join(folder, 'sbom.json');
  const made = spawnSync(process.execPath, [join(PROJECT_DIR, 'tools/supply-chain/sbom.ts'), file], {
    encoding: 'utf8',
  });
  expect(made.stdout).toMatch(/^\d+ packages in /);
  const text = await readFile(file, 'utf8');
  const bill = JSON.parse(text) as {
    bomFormat: string;
    metadata: { component: { name: string; type: string } };
    components: { name: string; version: string; hashes?: unknown[]; licenses?: unknown[] }[];
  };
  expect(bill.bomFormat).toBe('CycloneDX');
  expect(bill.metadata.component).toMatchObject({ name: 'inventario', type: 'application' });
  const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
  const wanted = locked
    .filter(([, { dev }]) => !dev)
    .map(([path, { version }]) => `${nameOf(path)}@${version}`);
  expect(wanted.length).toBeGreaterThan(100);
  expect([...listed].sort()).toEqual([...new Set(wanted)].sort());
  expect(bill.components.filter(({ hashes }) => !hashes?.length)).toEqual([]);
  expect(text).not.toContain(PROJECT_DIR.replace(/\/$/, ''));
  expect(text).not.toMatch(/"type": "distribution"|\.tgz/);
});

/** Runs the audit with a fake npm that prints `answer`. */
async function auditWith(answer: string) {
  const npm = join(folder, 'npm');
  await writeFile(npm, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`);
  await chmod(npm, 0o755);
  return spawnSync(process.execPath, [join(PROJECT_DIR, 'tools/supply-chain/audit.ts')], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  });
}

test('an audit fails at high and above, passes below, and reports a missing answer', async () => {
  const counts = { info: 0, low: 0, moderate: 1, high: 0, critical: 0 };
  const finding = (severity: string) => ({ leftpad: { severity, range: '<2' } });
  const moderate = { vulnerabilities: finding('moderate'), metadata: { vulnerabilities: counts } };
  expect((await auditWith(JSON.stringify(moderate))).status).toBe(0);
  for (const severity of ['high', 'critical']) {
    const report = { vulnerabilities: finding(severity), metadata: { vulnerabilities: counts } };
    const audit = await auditWith(JSON.stringify(report));
    expect([severity, audit.status]).toEqual([severity, 1]);
    expect(audit.stderr).toContain(`${severity}: leftpad <2`);
  }
  for (const answer of ['', '{"message":"405 Method Not Allowed","error":{}}', '<html></html>']) {
    const audit = await auditWith(answer);
    expect(audit.status).toBe(2);
    expect(audit.stderr).toContain('NOT looked for');
    expect(audit.stdout).toBe('');
  }
});
