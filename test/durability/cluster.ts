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
/** Whether mysqld has been kept from running since it was started again, and nobody could reach it. */
const WATCH_EVERY_MS = 10;

/** A primary and a replica that change places, with a slow link between them. */
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

  /** Puts the slow link between the replica and its primary. */
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

  /** Commits wait for the replica: without this, a run in which nothing is lost would prove little. */
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

  /** The primary's process is killed, and what it has sent and the replica has not received is gone with it. */
  killPrimary(): undefined {
    process.kill(this.#stack.data.process(this.primary).pid, 'SIGKILL');
    this.#link?.drop();
  }

  /**
   * The machine of the primary is lost: its process is killed, and what it has sent and the replica has not
   * received is gone with it.
   *
   * @returns what brings the machine back
   */
  losePrimary(): () => void {
    const { pid } = this.#stack.data.process(this.primary);
    process.kill(pid, 'SIGKILL');
    this.#link?.cut();
    const lost = this.primary;
    let held: number | undefined;
    // The launcher starts it again in half a second. It is stopped there before it opens its port.
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

  /**
   * `npm run promote -- REPLICA`, up to the moment from which the replica is the primary. `done` is when the
   * old primary has become a replica too.
   *
   * @throws with its words when it fails
   */
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
      if (code !== 0 || !output.includes(`${this.replica} is its replica`)) {
        throw new Error(`Promoting ${this.primary} ended with ${code}:\n${output}`);
      }
    };
    while (!output.includes(`${this.replica} is the primary now`)) {
      if (promote.exitCode !== null) throw new Error(`Promoting ${this.replica} failed:\n${output}`);
      await sleep(5);
    }
    [this.primary, this.replica] = [this.replica, this.primary];
    return { done: done() };
  }

  /** The codes, of those that begin with `prefix`, that the primary has. */
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
