import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLog, rotateLog } from '../../../tools/launcher/log-files.ts';
import { waitUntil } from '../../support/wait-until.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventario-log-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the log of a running process moves to NAME.1 when it is large, and goes on without a gap', async () => {
  const file = join(folder, 'web1.log');
  const log = openLog(file) as number;
  const line = 'x'.repeat(1000);
  const writer = spawn('sh', ['-c', `while echo ${line}; do :; done`], { stdio: ['ignore', log, 'ignore'] });
  closeSync(log);
  try {
    await waitUntil(async () => (await stat(file)).size > 10 * 1024 * 1024);
    writer.kill('SIGSTOP');
    rotateLog(file);
    expect((await stat(`${file}.1`)).size).toBeGreaterThan(10 * 1024 * 1024);
    expect((await stat(file)).size).toBe(0);
    writer.kill('SIGCONT');
    await waitUntil(async () => (await stat(file)).size > 0);
    writer.kill('SIGKILL');
    expect((await readFile(file, 'utf8')).split('\n')[0]).toBe(line);
  } finally {
    writer.kill('SIGKILL');
  }
});

test('a process whose log cannot be opened runs without one', () => {
  expect(openLog('/dev/null/web1.log')).toBe('ignore');
});
