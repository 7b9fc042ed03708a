import { setTimeout as sleep } from 'node:timers/promises';
import type { PromotionConfig } from '../config/config.ts';
import { attach } from './attach.ts';
import type { Account } from './connect.ts';
import { reopen } from './fence.ts';
import { findRepair, hasCopy, type Repair } from './find-repair.ts';
import { withMembers } from './member.ts';
import { ReplicaAheadError } from './replication.ts';
import { lockRolesOnAll } from './roles-lock.ts';
import { setSemiSync } from './semi-sync.ts';
import { listServers } from './servers.ts';
import { readStanding, type Standing } from './standing.ts';

const ROUND_MS = 2000;
const PAUSE_AFTER_FAILURE_MS = 10_000;

interface Keeping {
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Attaches servers that come back and ends half-done promotions, unless a promotion runs or the primary is away. */
export async function keepReplicas(config: PromotionConfig, { log, signal }: Keeping): Promise<void> {
  const keeper = new Keeper(config, log);
  while (!signal.aborted) {
    await keeper.round().catch((error: unknown) => {
      if (!signal.aborted) keeper.report((error as Error).message);
    });
    await sleep(ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
}

class Keeper {
  readonly #config: PromotionConfig;
  readonly #root: Account;
  readonly #log: (line: string) => void;
  #lastProblem = '';
  #found = '';
  #refused = '';
  #pausedUntil = 0;
  #roundsAlone = 0;

  constructor(config: PromotionConfig, log: (line: string) => void) {
    this.#config = config;
    this.#root = { user: 'root', password: config.ROOT_PASSWORD };
    this.#log = log;
  }

  report(problem: string): void {
    if (problem !== this.#lastProblem) this.#log(problem);
    this.#lastProblem = problem;
  }

  /** A repair has to be due in two rounds: a person may be trying something, or a server starting. */
  async round(): Promise<void> {
    const servers = listServers(this.#config);
    await withMembers(servers, this.#root, async (members) => {
      const standings = await Promise.all(members.map(readStanding));
      this.#tellCopies(standings);
      const repair = this.#findRepair(standings);
      const found = repair ? `${repair.kind} ${repair.server.uuid}` : '';
      const isDue = found === this.#found && found !== this.#refused && Date.now() > this.#pausedUntil;
      this.#found = found;
      if (!repair || !isDue || !(await lockRolesOnAll(members))) return;
      // A promotion may have ended between the look and the lock.
      const due = this.#findRepair(await Promise.all(members.map(readStanding)));
      if (due) await this.#tryRepair(due);
    });
  }

  async #tryRepair(repair: Repair): Promise<void> {
    try {
      await this.#carryOut(repair);
      this.#lastProblem = '';
    } catch (error) {
      // A person decides about the only copy of something.
      if (error instanceof ReplicaAheadError) this.#refused = `${repair.kind} ${repair.server.uuid}`;
      this.#pausedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
      throw error;
    }
  }

  #findRepair(standings: Standing[]): Repair | undefined {
    const { SEMI_SYNC: semiSync } = this.#config;
    return findRepair(standings, { servers: listServers(this.#config), semiSync });
  }

  async #carryOut({ kind, server, primary }: Repair): Promise<void> {
    const { SEMI_SYNC: semiSync, REPLICATOR_PASSWORD } = this.#config;
    const { member } = server;
    if (kind === 'open') {
      this.#log(`${server.name}: opened for writing again after an interrupted promotion`);
      await member.step((connection) => reopen(connection, { semiSync }));
    } else if (kind === 'confirm') {
      this.#log(`${server.name}: writes wait for a replica again`);
      await member.step((connection) => setSemiSync(connection, true));
    } else {
      this.#log(`${server.name}: does not follow ${primary.name} yet`);
      await attach({
        name: server.name,
        primary: primary.member.address,
        replica: member.address,
        root: this.#root,
        replicator: { user: 'inventario_replicator', password: REPLICATOR_PASSWORD },
        log: (line) => this.#log(`${server.name}: ${line}`),
      });
      this.#log(`${server.name}: is a replica of ${primary.name}`);
      if (semiSync) await primary.member.step((connection) => setSemiSync(connection, true));
    }
  }

  #tellCopies(standings: Standing[]): void {
    const isCopied = hasCopy(standings);
    if (isCopied === undefined) return;
    if (isCopied && this.#roundsAlone > 1) this.#log('A replica follows the primary again.');
    this.#roundsAlone = isCopied ? 0 : this.#roundsAlone + 1;
    if (this.#roundsAlone === 2) {
      this.#log('WARNING: what is saved is on one server only, because no replica follows the primary.');
    }
  }
}
