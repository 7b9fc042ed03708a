import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { secretFile, WEB_SECRETS } from '../../src/config/secrets.ts';
import { LogOutput, type Loss } from '../../src/telemetry/log-output.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { findFreePorts } from '../support/stack.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const LINES = 8000;

/** A pipe without a reader refuses data once it is full, as a disk does, and takes more once it is read. */
test('lines that cannot be written are counted, and the log goes on with a whole line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inventario-log-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  let received = '';
  const read = () => {
    const buffer = Buffer.alloc(65_536);
    try {
      for (;;) received += buffer.toString('utf8', 0, readSync(pipe, buffer));
    } catch {
      // Empty.
    }
  };
  try {
    const losses: Loss[] = [];
    const output = new LogOutput(pipe, (loss) => losses.push(loss));
    for (let number = 0; number < LINES; number++) {
      output.write(`${JSON.stringify({ number, text: 'x'.repeat(100) })}\n`);
      if (number % 100 === 0) await sleep(1);
    }
    await waitUntil(() => {
      read();
      return losses.length > 0;
    });
    output.write('{"number":"afterwards"}\n');
    await waitUntil(() => {
      read();
      return received.includes('afterwards');
    });
    const numbers = received
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { number: unknown }).number);
    const kept = LINES - losses[0]!.lines;
    expect(losses).toEqual([{ lines: expect.any(Number) as unknown, code: 'EAGAIN' }]);
    expect(kept).toBeGreaterThan(0);
    expect(numbers).toEqual([...Array(kept).keys(), 'afterwards']);
  } finally {
    closeSync(pipe);
    await rm(folder, { recursive: true });
  }
});

test('an instance whose log is on a full disk serves, counts the lines, and ends when asked to', async () => {
  const port = await findFreePorts();
  const full = openSync('/dev/full', 'w');
  const address = (name: string) => `127.0.0.1:${stack.process(name).port}`;
  const instance = spawn(process.execPath, [join(PROJECT_DIR, 'src/server.ts')], {
    stdio: ['ignore', full, full],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      INSTANCE: 'web-full',
      PORT: String(port),
      PRIMARY: address('primary'),
      REPLICAS: address('replica1'),
      ...Object.fromEntries(
        WEB_SECRETS.map((name) => [`${name}_FILE`, secretFile(join(stack.varDir, 'secrets'), name)]),
      ),
    },
  });
  closeSync(full);
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(async () => (await fetch(`${url}/health/ready`)).ok);
    const lost = async () =>
      Number(
        /^inventario_log_lines_lost_total (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1],
      );
    await waitUntil(async () => {
      for (let i = 0; i < 100; i++) expect((await fetch(`${url}/login`)).status).toBe(200);
      return (await lost()) > 0;
    });
    const ended = once(instance, 'exit');
    instance.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    instance.kill('SIGKILL');
  }
});
