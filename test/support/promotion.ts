import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { environmentWithoutSettings, type Stack } from './stack.ts';

/** A running `npm run promote`. */
export class Promotion {
  output = '';
  /** With the exit code, or null when it was killed. */
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;

  constructor({ port, varDir }: Stack, ...args: string[]) {
    this.#process = spawn(process.execPath, [join(PROJECT_DIR, 'tools/launcher/promote.ts'), ...args], {
      env: { ...environmentWithoutSettings(), PORT: String(port), VAR_DIR: varDir },
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.ended = once(this.#process, 'close').then(([code]) => code as number | null);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
