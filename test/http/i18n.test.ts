import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { Client } from '../support/client.ts';

type Texts = { [key: string]: string | Texts };

async function texts(language: string): Promise<Map<string, string>> {
  const json = await readFile(join(PROJECT_DIR, `src/locales/${language}.json`), 'utf8');
  const flat = new Map<string, string>();
  const visit = (node: Texts, path: string) => {
    for (const [key, value] of Object.entries(node)) {
      if (typeof value === 'string') flat.set(path + key, value);
      else visit(value, `${path}${key}.`);
    }
  };
  visit(JSON.parse(json) as Texts, '');
  return flat;
}

async function sources(folder: string): Promise<string> {
  const entries = await readdir(join(PROJECT_DIR, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(ts|ejs)$/.test(entry.name));
  const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
  return contents.join('\n');
}

test('Spanish and English have the same keys and placeholders', async () => {
  const [es, en] = [await texts('es'), await texts('en')];
  expect([...es.keys()].sort()).toEqual([...en.keys()].sort());
  const blanks = (text: string) => (text.match(/\{\{\w+\}\}|<1>/g) ?? []).sort();
  for (const [key, text] of es) expect([key, blanks(text)]).toEqual([key, blanks(en.get(key)!)]);
});

test('every text key in the code exists', async () => {
  const es = await texts('es');
  const code = (await sources('src')) + (await sources('views'));
  const keys = [...code.matchAll(/['"`]((?:\w+\.){1,3}\w+)['"`]/g)].map(([, key]) => key!);
  const groups = new Set([...es.keys()].map((key) => key.split('.')[0]));
  const asked = keys.filter(
    (key) => groups.has(key.split('.')[0]) && !/\.(ts|js|sql|ejs)$/.test(key) && !key.startsWith('product.'),
  );
  const missing = asked.filter((key) => !es.has(key) && !es.has(`${key}_other`));
  expect(asked.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

// docs/glossary.md, "On screen".
test('one term for one thing, in Spanish for America and Spain alike', async () => {
  const avoided = {
    es: /\b(entrar|entrada|registrar|registre|función|petici(ón|ones)|cabecera|un solo uso)\b|\b(ha|han) \p{L}+/iu,
    en: /\b(register|registered|one-time|mend|whoever)\b/i,
  };
  for (const language of ['es', 'en'] as const) {
    const found = [...(await texts(language))].filter(([, text]) => avoided[language].test(text));
    expect([language, found]).toEqual([language, []]);
  }
});

test("speaks the browser's language, Spanish when it knows neither, and remembers a choice", async () => {
  const titleFor = async (language: string) =>
    /<h1[^>]*>([^<]+)</.exec((await new Client().get('/login').set('Accept-Language', language)).text)?.[1];
  expect(await titleFor('en-GB,en;q=0.9')).toBe('Log in');
  expect(await titleFor('es-MX')).toBe('Iniciar sesión');
  expect(await titleFor('fr')).toBe('Iniciar sesión');

  const client = new Client();
  const chosen = await client.get('/language/en?return=/login');
  expect(chosen.headers.location).toBe('/login');
  expect((await client.get('/login')).text).toContain('<html lang="en">');
  expect((await client.get('/language/en?return=//evil.example')).headers.location).toBe('/products');
});
