import { setTimeout as sleep } from 'node:timers/promises';
import type { PromotionConfig } from '../../config/config.ts';
import type { Account } from '../connect.ts';
import { withMembers } from '../member.ts';
import { clearFault } from '../replica-faults.ts';
import { lockRolesOnAll } from '../roles-lock.ts';
import { listServers } from '../servers.ts';
import { findRepair, type GroupRepair } from './find-repair.ts';
import { join } from './join.ts';
import { startGroup } from './membership.ts';
import {
  findGroupPrimary,
  findMostComplete,
  NOBODY_HAS_ALL,
  readGroupStanding,
  type GroupStanding,
} from './standing.ts';

const ROUND_MS = 1000;
const PAUSE_AFTER_FAILURE_MS = 5000;
/** After this many failures to join, a server's data are replaced by a copy. */
const MAX_FAILURES = 3;

interface Keeping {
  log: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Brings servers back into their group, and the group back once all its servers answer. Any number may run, one beside
 * each server: they take the locks of roles on every server that answers.
 */
export async function keepGroup(config: PromotionConfig, { log, signal }: Keeping): Promise<void> {
  const keeper = new GroupKeeper(config, { log, signal });
  while (!signal.aborted) {
    await keeper.round().catch((error: unknown) => {
      if (!signal.aborted) keeper.report((error as Error).message);
    });
    await sleep(ROUND_MS, undefined, { signal }).catch(() => undefined);
  }
}

export class GroupKeeper {
  readonly #config: PromotionConfig;
  readonly #root: Account;
  readonly #replicator: Account;
  readonly #log: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #failures = new Map<string, number>();
  #lastProblem = '';
  #found = '';
  #pausedUntil = 0;

  constructor(config: PromotionConfig, { log, signal }: Keeping) {
    this.#config = config;
    this.#root = { user: 'root', password: config.ROOT_PASSWORD };
    this.#replicator = { user: 'inventario_replicator', password: config.REPLICATOR_PASSWORD };
    this.#log = log;
    this.#signal = signal;
  }

  report(problem: string): void {
    if (problem !== this.#lastProblem) this.#log(problem);
    this.#lastProblem = problem;
  }

  /**
   * A repair has to be due in two rounds: a server may be about to leave the group or to join it.
   *
   * @returns whether every server that answers was in the group
   */
  async round(): Promise<boolean> {
    const servers = listServers(this.#config);
    return withMembers(servers, this.#root, async (members) => {
      const standings = await Promise.all(members.map(readGroupStanding));
      const repair = findRepair(standings, servers);
      const found = JSON.stringify([repair?.kind, repair?.kind === 'wait' ? repair.reason : repair?.servers]);
      const isDue = found === this.#found && Date.now() > this.#pausedUntil;
      this.#found = found;
      if (!repair) return standings.every(({ state, hasMajority }) => state === 'ONLINE' && hasMajority);
      if (!isDue) return false;
      if (repair.kind === 'wait') {
        this.report(repair.reason);
        return false;
      }
      if (!(await lockRolesOnAll(members))) return false;
      // Another keeper may have done it before the lock.
      const now = await Promise.all(members.map(readGroupStanding));
      const due = findRepair(now, servers);
      if (due && due.kind !== 'wait') await this.#tryRepair(due, now);
      return false;
    });
  }

  async #tryRepair(
    repair: Exclude<GroupRepair, { kind: 'wait' }>,
    standings: GroupStanding[],
  ): Promise<void> {
    try {
      if (repair.kind === 'start') await this.#start(standings);
      else await this.#joinAll(repair.servers, standings);
      this.#lastProblem = '';
    } catch (error) {
      this.#pausedUntil = Date.now() + PAUSE_AFTER_FAILURE_MS;
      throw error;
    }
  }

  /** Every server answers, and none is in a group. */
  async #start(standings: GroupStanding[]): Promise<void> {
    const founder = await findMostComplete(standings);
    if (!founder) throw new Error(NOBODY_HAS_ALL);
    this.#log(
      `all ${standings.length} servers answer; ${founder.name} has all transactions and starts the group`,
    );
    await startGroup(founder.member, this.#replicator);
  }

  async #joinAll(names: string[], standings: GroupStanding[]): Promise<void> {
    const primary = findGroupPrimary(standings)!;
    // A primary serves one copy at a time.
    for (const server of standings.filter(({ name }) => names.includes(name))) {
      const failures = this.#failures.get(server.name) ?? 0;
      const mustClone = server.isOutOfUse || failures >= MAX_FAILURES;
      const log = (line: string) => this.#log(`${server.name}: ${line}`);
      try {
        const accounts = { root: this.#root, replicator: this.#replicator };
        await join({ server, primary, ...accounts, log, mustClone, signal: this.#signal });
        if (server.isOutOfUse) await clearFault(primary.member.connection, server.name);
        this.#failures.delete(server.name);
        log('is in the group');
      } catch (error) {
        this.#failures.set(server.name, failures >= MAX_FAILURES ? 0 : failures + 1);
        throw error;
      }
    }
  }
}
