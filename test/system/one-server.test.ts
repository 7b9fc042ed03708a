import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { Client } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { port, stack } from '../support/shared-stack.ts';
import { environmentWithoutSettings } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);
const ALARM = 'Lo que se guarda está en un solo servidor';

async function isOnOneServer(): Promise<boolean> {
  const instances = await Promise.all(
    stack.instanceUrls().map((url) => fetch(`${url}/health`, { headers: { accept: 'application/json' } })),
  );
  const reports = await Promise.all(instances.map((response) => response.json()));
  return (reports as { onOneServer: boolean }[]).every(({ onOneServer }) => onOneServer);
}

async function status(...options: string[]): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    [join(PROJECT_DIR, 'tools/launcher/status.ts'), ...options],
    {
      env: { ...environmentWithoutSettings(), PORT: String(port), VAR_DIR: stack.varDir },
    },
  );
  return stdout;
}

async function logLines(text: string, since: string): Promise<{ level: string }[]> {
  const log = await readFile(join(stack.varDir, 'log/web1.log'), 'utf8');
  const lines = log.split('\n').filter((line) => line.includes(text));
  return lines
    .map((line) => JSON.parse(line) as { level: string; time: string })
    .filter(({ time }) => time >= since);
}

const metric = async () => {
  const response = await fetch(`${stack.instanceUrls()[0]}/metrics`);
  return /^inventario_on_one_server (\d)$/m.exec(await response.text())?.[1];
};

test('while no replica follows the primary, everything says that what is saved is on one server', async () => {
  const administrator = await Client.signedIn();
  const { client: clerk } = await createPerson(administrator, 'clerk');
  const begun = new Date().toISOString();
  expect(await metric()).toBe('0');
  const replica = await stack.connect('replica1');
  await replica.query('STOP REPLICA');
  try {
    await waitUntil(isOnOneServer);
    for (const path of ['/products', '/users', '/audit', '/system', '/health']) {
      // An instance that has missed one look at the primary begins to count anew.
      await waitUntil(async () => {
        const { text } = await administrator.get(path).set('Accept', 'text/html');
        expect([path, text.split(ALARM).length]).toEqual([path, 2]);
        return true;
      });
    }
    expect((await clerk.get('/products')).text).not.toContain(ALARM);
    expect((await new Client().get('/health').set('Accept', 'text/html')).text).toContain(ALARM);
    expect(await metric()).toBe('1');
    expect(await status()).toContain('WARNING: what is saved is on one server only');
    expect(JSON.parse(await status('--json'))).toMatchObject({ onOneServer: true });
    await waitUntil(async () => (await logLines('on one server only', begun)).length > 0);
    expect((await logLines('on one server only', begun)).at(-1)).toMatchObject({ level: 'error' });
  } finally {
    await replica.query('START REPLICA');
    await replica.end();
  }
  await waitUntil(async () => (await metric()) === '0');
  await waitUntil(async () => !(await administrator.get('/products')).text.includes(ALARM));
  expect(await status()).not.toContain('WARNING');
});
