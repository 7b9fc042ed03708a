import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { findOrInstallApacheBench } from '../support/apache-bench.ts';
import { environmentWithoutSettings, findFreePorts } from '../support/stack.ts';

async function commandsOf(file: string): Promise<string[]> {
  const text = await readFile(join(PROJECT_DIR, file), 'utf8');
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, commands]) => commands!);
}

const END = 'end of the block';

/** A terminal of the class. */
class Terminal {
  readonly #shell: ChildProcess;
  output = '';

  constructor(env: NodeJS.ProcessEnv) {
    this.#shell = spawn('bash', { cwd: PROJECT_DIR, env, stdio: 'pipe' });
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** @returns what the commands print */
  async run(commands: string): Promise<string> {
    this.output = '';
    this.type(`${commands}\necho '${END}'`);
    while (!this.output.includes(END)) {
      if (this.#shell.exitCode !== null) throw new Error(`The shell ended:\n${this.output}`);
      await sleep(50);
    }
    return this.output.replace(`${END}\n`, '');
  }

  type(commands: string): void {
    this.#shell.stdin!.write(`${commands}\n`);
  }

  async close(): Promise<void> {
    const ended = once(this.#shell, 'exit');
    this.#shell.stdin!.end();
    await ended;
  }
}

let varDir: string;
let launcher: Terminal;
let terminal: Terminal;
let blocks: string[];

beforeAll(async () => {
  varDir = await mkdtemp(join(tmpdir(), 'inventario-lesson-'));
  blocks = await commandsOf('docs/lesson.md');
  const env = {
    ...environmentWithoutSettings(),
    PATH: [await findOrInstallApacheBench(), process.env.PATH].join(delimiter),
    PORT: String(await findFreePorts()),
    VAR_DIR: varDir,
  };
  launcher = new Terminal(env);
  terminal = new Terminal(env);
});

afterAll(async () => {
  terminal.type('npm stop');
  await Promise.all([terminal.close(), launcher.close()]);
  await rm(varDir, { recursive: true, force: true });
});

const ALL_ANSWERED = /^Complete requests: +1000\nFailed requests: +0\n/gm;
const failures = (output: string) => output.match(/^Failed requests: +[1-9]|^Non-2xx/gm);
const numbers = (output: string) => output.match(/\d+/g)?.map(Number);

/** For each block, in order: whether what it prints is what the lesson says. */
const EXPECTATIONS: [string, (output: string) => void][] = [
  ['shows the status', (output) => expect(output).toMatch(/replica1 +up .*lag/)],
  ['logs in', (output) => expect(output).toBe('303\n')],
  ['changes a quantity', (output) => expect(output).toBe('200\n')],
  [
    'counts who answers: 30, 20 and 10',
    (output) =>
      expect(
        output
          .match(/^ *\d+/gm)
          ?.map(Number)
          .sort(),
      ).toEqual([10, 20, 30]),
  ],
  [
    'loads the log-in page, from three instances and from one',
    (output) => expect(output.match(ALL_ANSWERED)).toHaveLength(2),
  ],
  [
    'loads the list, from three instances and from one',
    (output) => expect(output.match(ALL_ANSWERED)).toHaveLength(2),
  ],
  [
    'shows an old quantity on the replica and the new one to the person who saved',
    (output) => {
      const [status, primary, replica, list] = numbers(output)!;
      expect([status, replica, list]).toEqual([200, primary! - 1, primary]);
    },
  ],
  ['lets the replica catch up', (output) => expect(output).toBe('')],
  ['refuses a write on the replica', (output) => expect(output).toMatch(/read-only[^]*refused\n$/)],
  [
    'kills an instance under load',
    (output) => {
      expect(output).toContain('Failed requests:        0');
      expect(failures(output)).toBeNull();
    },
  ],
  ['reads and refuses to save without a primary', (output) => expect(output).toBe('200\n503\n')],
  ['promotes the replica', (output) => expect(output).toContain('replica1 is the primary now')],
  ['attaches the old primary', (output) => expect(output).toMatch(/replica1 +up .*primary\n/)],
  ['promotes the first primary again', (output) => expect(output).toContain('primary is the primary now')],
  ['finds both servers in phpMyAdmin', (output) => expect(output).toMatch(/> *primary\n> *replica1\n$/)],
  [
    'finds the same on both servers',
    (output) => {
      const lines = output.trim().split('\n');
      expect(lines.slice(0, 2)).toEqual(lines.slice(2));
    },
  ],
  ['stops everything', (output) => expect(output).toContain('Inventario has stopped')],
];

test('both languages have the same commands, and each of them is tested', async () => {
  expect(await commandsOf('docs/lesson.es.md')).toEqual(blocks);
  expect(blocks.length).toBe(1 + EXPECTATIONS.length);
});

test('the lesson starts the system', async () => {
  launcher.type(blocks[0]!);
  while (!launcher.output.includes('Stop it with')) await sleep(50);
});

test.each(EXPECTATIONS.map(([title, check], index) => ({ title, check, index })))(
  'the lesson $title',
  async ({ check, index }) => {
    check(await terminal.run(blocks[index + 1]!));
  },
);
