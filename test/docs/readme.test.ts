import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listDemoProducts } from '../../src/demo/load-demo-products.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import packageJson from '../../package.json' with { type: 'json' };

const READMES = ['README.md', 'README.es.md'];
const DOCUMENTS = [...READMES, 'docs/lesson.md', 'docs/lesson.es.md'];

const read = (file: string) => readFile(join(PROJECT_DIR, file), 'utf8');

test('the READMEs give as many demonstration products as there are', async () => {
  const count = listDemoProducts().length;
  for (const file of READMES) {
    const given = (await read(file)).match(/(?<!\d[, ]?)\d+(?= productos?\b| products\b)/g);
    expect(new Set(given)).toEqual(new Set([String(count)]));
  }
});

test('both READMEs have the same commands, but for the words in them', async () => {
  const commands = async (file: string) =>
    [...(await read(file)).matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) =>
      text!.replace(/ADDRESS|DIRECCIÓN/, ''),
    );
  expect(await commands('README.es.md')).toEqual(await commands('README.md'));
});

test.each(DOCUMENTS)('%s names only npm scripts, files and anchors that exist', async (file) => {
  const text = await read(file);
  const named = [...text.matchAll(/npm (?:run (?:--silent )?)?([a-z][\w:]+)/g)].map(([, name]) => name!);
  expect(
    named.filter((name) => !(name in packageJson.scripts) && !['install', 'packages'].includes(name)),
  ).toEqual([]);
  const links = [...text.matchAll(/(?:\]\(|src=")([^)"#]*)(#[^)"]*)?/g)];
  for (const [, path = '', anchor] of links.filter(([, path]) => !path!.startsWith('http'))) {
    const target = path ? join(file, '..', path) : file;
    expect({ target, exists: existsSync(join(PROJECT_DIR, target)) }).toEqual({ target, exists: true });
    if (anchor) expect(await anchorsOf(target)).toContain(anchor);
  }
});

async function anchorsOf(file: string): Promise<string[]> {
  const headings = (await read(file)).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(
    ([, text]) =>
      `#${text!
        .toLowerCase()
        .replace(/[^\p{L}\d -]/gu, '')
        .replaceAll(' ', '-')}`,
  );
}
