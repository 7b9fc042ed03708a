import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
// All requirements of OWASP ASVS 5.0.0, levels 1 and 2.
import requirements from './asvs-5.0-levels-1-2.json' with { type: 'json' };

let text: string;
let rows: { requirements: string[]; proofs: { file: string; title: string }[] }[];

beforeAll(async () => {
  text = await readFile(join(PROJECT_DIR, 'docs/security.md'), 'utf8');
  rows = text
    .split('\n')
    .filter((line) => /^\| V\d/.test(line))
    .map((line) => {
      const [numbers = '', , , proof = ''] = line.split(' | ');
      return {
        requirements: numbers.match(/V\d+\.\d+\.\d+/g) ?? [],
        proofs: [...proof.matchAll(/`([\w/.-]+)` › (.+?)(?=<br>| \|$)/g)].map(
          ([, file = '', title = '']) => ({
            file,
            title,
          }),
        ),
      };
    });
});

test('the map lists every requirement of levels 1 and 2 exactly once', () => {
  expect(requirements.length).toBe(253);
  expect(rows.flatMap((row) => row.requirements).sort()).toEqual([...requirements].sort());
});

test('every test that the map quotes exists', async () => {
  const proofs = rows.flatMap((row) => row.proofs);
  expect(proofs.length).toBeGreaterThan(120);
  const missing: string[] = [];
  for (const { file, title } of proofs) {
    const path = join(PROJECT_DIR, file);
    const source = existsSync(path) ? await readFile(path, 'utf8') : '';
    const titles = [...source.matchAll(/(?:test(?:\.each\([^]*?\))?\(|\)\(\s*)\s*(['"`])((?:(?!\1).)+)\1/g)];
    if (!titles.some(([, , found]) => found!.includes(title))) missing.push(`${file}: ${title}`);
  }
  expect(missing).toEqual([]);
});
