import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { environmentWithoutSettings, type Stack } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { SlowLink } from './slow-link.ts';

const DELAY_MS = 50;
const WATCH_EVERY_MS = 10;

/** A primary and a replica that swap roles, with a slow link between them. */
export class Cluster {
  primary = 'primary';
  replica = 'replica1';
  readonly #stack: Stack;
  readonly #semiSync: 'on' | 'off';
  #link: SlowLink | undefined;

  constructor(stack: Stack, semiSync: 'on' | 'off') {
    this.#stack = stack;
    this.#semiSync = semiSync;
  }

  async insertLink(): Promise<void> {
    this.close();
    this.#link = await SlowLink.to(this.#stack.data.process(this.primary).port!, DELAY_MS);
    const replica = await this.#stack.data.connect(this.replica);
    await replica.query(
      `STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${this.#link.port};
       START REPLICA`,
    );
    await replica.end();
    await waitUntil(() => this.#isReplicating());
    if (this.#semiSync === 'on') await waitUntil(() => this.#hasConfirmingReplica());
  }

  close(): void {
    this.#link?.cut();
    this.#link = undefined;
  }

  /** Commits wait for the replica; otherwise a run without losses would prove nothing. */
  async #hasConfirmingReplica(): Promise<boolean> {
    const primary = await this.#stack.data.connect(this.primary);
    try {
      const [rows] = await primary.query<RowDataPacket[]>(
        `SHOW GLOBAL STATUS WHERE (Variable_name = 'Rpl_semi_sync_source_status' AND Value = 'ON')
           OR (Variable_name = 'Rpl_semi_sync_source_clients' AND Value = '1')`,
      );
      return rows.length === 2;
    } finally {
      await primary.end();
    }
  }

  async #isReplicating(): Promise<boolean> {
    const replica = await this.#stack.data.connect(this.replica);
    try {
      const [[status]] = await replica.query<RowDataPacket[]>('SHOW REPLICA STATUS');
      return status?.Replica_IO_Running === 'Yes' && status.Replica_SQL_Running === 'Yes';
    } finally {
      await replica.end();
    }
  }

  /** Kills the process; data in transit to the replica is lost. */
  killPrimary(): undefined {
    process.kill(this.#stack.data.process(this.primary).pid, 'SIGKILL');
    this.#link?.drop();
  }

  /** Kills the process and keeps it down, as if the machine were lost. @returns brings it back */
  losePrimary(): () => void {
    const { pid } = this.#stack.data.process(this.primary);
    process.kill(pid, 'SIGKILL');
    this.#link?.cut();
    const lost = this.primary;
    let held: number | undefined;
    // The launcher restarts it within half a second; stop it before it opens its port.
    const holding = setInterval(() => {
      const started = this.#stack.data.processes().find(({ name }) => name === lost)?.pid;
      if (!started || started === pid || started === held) return;
      process.kill(started, 'SIGSTOP');
      held = started;
    }, WATCH_EVERY_MS);
    return () => {
      clearInterval(holding);
      if (held) process.kill(held, 'SIGCONT');
    };
  }

  /** Resolves when the replica has become the primary; `done`, when the old primary has become a replica. */
  async promote(): Promise<{ done: Promise<void> }> {
    const promote = spawn(process.execPath, [join(PROJECT_DIR, 'tools/launcher/promote.ts'), this.replica], {
      env: {
        ...environmentWithoutSettings(),
        PORT: String(this.#stack.port),
        VAR_DIR: this.#stack.varDir,
      },
    });
    let output = '';
    for (const stream of [promote.stdout, promote.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    const ended = once(promote, 'close');
    const done = async () => {
      const [code] = (await ended) as [number];
      if (code !== 0) throw new Error(`Promoting ${this.primary} ended with ${code}:\n${output}`);
      // The command does not wait long for a slow machine; the launcher attaches the server then.
      await waitUntil(() => this.#isReplicating());
    };
    while (!output.includes(`${this.replica} is the primary now`)) {
      if (promote.exitCode !== null) throw new Error(`Promoting ${this.replica} failed:\n${output}`);
      await sleep(5);
    }
    [this.primary, this.replica] = [this.replica, this.primary];
    return { done: done() };
  }

  async codes(prefix: string): Promise<Set<string>> {
    const primary = await this.#stack.data.connect(this.primary);
    try {
      const [rows] = await primary.query<RowDataPacket[]>('SELECT code FROM product WHERE code LIKE ?', [
        `${prefix}%`,
      ]);
      return new Set(rows.map(({ code }) => String(code)));
    } finally {
      await primary.end();
    }
  }
}
