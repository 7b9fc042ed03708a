import { setTimeout as sleep } from 'node:timers/promises';
import { delayReplication, replicaHasAll } from '../support/replication.ts';
import type { StackData } from '../support/stack-data.ts';
import { waitUntil } from '../support/wait-until.ts';
import { SERVERS, type Fault } from './scenario.ts';

/** How long instances take to notice that the primary is back. */
const NOTICE_MS = 3000;

/** Breaks servers on a schedule counted in operations. */
export class Nemesis {
  readonly #data: StackData;
  readonly #schedule: Fault[];
  readonly #running: Promise<void>[] = [];
  readonly #stopped = new Set<number>();
  #begun = 0;
  #primaryAwayUntil = 0;

  constructor(data: StackData, faults: Fault[]) {
    this.#data = data;
    this.#schedule = faults.toSorted((a, b) => a.afterOperations - b.afterOperations);
  }

  onOperation(): void {
    this.#begun++;
    while (this.#schedule[0] && this.#schedule[0].afterOperations <= this.#begun) {
      this.#running.push(this.#strike(this.#schedule.shift()!));
    }
  }

  async #strike(fault: Fault): Promise<void> {
    if (fault.kind === 'delay replication') {
      // The replica may be down.
      await delayReplication(this.#data, fault.seconds).catch(() => undefined);
      return;
    }
    const pid = this.#data.processes().find(({ name }) => name === fault.server)?.pid;
    if (!pid) return;
    if (fault.server === 'primary') this.#primaryAwayUntil = Infinity;
    if (fault.kind === 'kill') {
      signal(pid, 'SIGKILL');
    } else {
      this.#stopped.add(pid);
      signal(pid, 'SIGSTOP');
      await sleep(fault.forMs);
      signal(pid, 'SIGCONT');
      this.#stopped.delete(pid);
    }
    if (fault.server === 'primary') {
      await waitUntil(() =>
        this.#data.connect('primary').then((connection) => connection.end().then(() => true)),
      );
      this.#primaryAwayUntil = Date.now() + NOTICE_MS;
    }
  }

  /** While the primary is away, instances read from a replica that may lack the last own write. */
  wasPrimaryAway(since: number): boolean {
    return since < this.#primaryAwayUntil;
  }

  /** Ends all faults and waits until every server is ready and the replica has caught up. */
  async heal(): Promise<void> {
    await Promise.all(this.#running);
    for (const pid of this.#stopped) signal(pid, 'SIGCONT');
    await waitUntil(async () => {
      const up = this.#data.processes().map(({ name }) => name);
      if (!SERVERS.every((server) => up.includes(server))) return false;
      const webs = this.#data.processes().filter(({ role }) => role === 'web');
      const ready = webs.map(({ port }) => fetch(`http://127.0.0.1:${port}/health/ready`));
      return (await Promise.all(ready)).every(({ ok }) => ok);
    });
    await waitUntil(() => delayReplication(this.#data, 0).then(() => true));
    await waitUntil(() => replicaHasAll(this.#data));
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has already exited.
  }
}
