import { write, writeSync } from 'node:fs';
import { logLinesLost } from './metrics.ts';

/** Lines are buffered this long at most: writing each one alone would double its cost. */
const FLUSH_MS = 100;
const FLUSH_CHARACTERS = 8192;
/** Kept while they cannot be written; further lines are lost. */
const KEPT_CHARACTERS = 256 * 1024;

export interface Loss {
  lines: number;
  code: string;
}

/** On a full disk it keeps some lines, counts the rest and tries again: losing lines must not stop the instance. */
export class LogOutput {
  readonly #fd: number;
  readonly #onRecovery: (loss: Loss) => void;
  #lines: string[] = [];
  #characters = 0;
  /** Being written, or what is left of it after a failure. */
  #chunk: Buffer = Buffer.alloc(0);
  #isWriting = false;
  #loss: Loss = { lines: 0, code: '' };

  constructor(fd: number, onRecovery: (loss: Loss) => void) {
    this.#fd = fd;
    this.#onRecovery = onRecovery;
    setInterval(() => this.#flush(), FLUSH_MS).unref();
  }

  write(line: string): void {
    if (this.#characters + line.length > KEPT_CHARACTERS) {
      this.#loss.lines++;
      logLinesLost.inc();
      return;
    }
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters >= FLUSH_CHARACTERS && this.#chunk.length === 0) this.#flush();
  }

  flushSync(): void {
    const unsent = this.#isWriting ? [] : [this.#chunk];
    this.#chunk = Buffer.alloc(0);
    try {
      writeSync(this.#fd, Buffer.concat([...unsent, this.#takeLines()]));
    } catch {
      // There is nowhere left to say it.
    }
  }

  #flush(): void {
    if (this.#isWriting) return;
    if (this.#chunk.length === 0) this.#chunk = this.#takeLines();
    if (this.#chunk.length === 0) return;
    this.#isWriting = true;
    write(this.#fd, this.#chunk, (error, written) => {
      this.#isWriting = false;
      if (error) {
        this.#loss.code = error.code ?? error.name;
        return;
      }
      this.#chunk = this.#chunk.subarray(written);
      if (this.#chunk.length > 0 || this.#characters >= FLUSH_CHARACTERS) this.#flush();
    });
  }

  #takeLines(): Buffer {
    const taken = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#characters = 0;
    const loss = this.#loss;
    this.#loss = { lines: 0, code: '' };
    if (loss.lines > 0) this.#onRecovery(loss);
    return taken;
  }
}
