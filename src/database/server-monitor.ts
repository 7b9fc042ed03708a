import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseConfig } from '../config/config.ts';
import { connectionOptions } from './connect.ts';
import type { FindPrimary, KnownPrimary } from './primary-by-term.ts';
import type { ReplicaFault } from './replica-faults.ts';
import { listServers } from './servers.ts';
import { ServerWatch, type ServerState } from './server-watch.ts';

const MAX_LAG_SECONDS = 10;
/** How long a new or returning primary refuses writes: until every instance has polled it and reads there. */
const SETTLE_MS = 700;
/** A replica that reconnects does not raise the alarm. */
const ALONE_AFTER_MS = 3000;

export class ServerMonitor {
  readonly #watches: ServerWatch[];
  readonly #findPrimary: FindPrimary;
  #settledAt = 0;
  #aloneSince: number | undefined;
  #wasReachable = true;
  /** In a pair, the first one until a server reports a term. */
  #primary: KnownPrimary;
  #faults: Record<string, ReplicaFault> | undefined;

  constructor(config: DatabaseConfig, findPrimary: FindPrimary) {
    this.#findPrimary = findPrimary;
    const account = { user: 'inventario_monitor', password: config.MONITOR_PASSWORD };
    this.#watches = listServers(config).map(
      ({ name, address }) =>
        new ServerWatch(name, connectionOptions(address, account), () => this.#updatePrimary()),
    );
    this.#primary = { term: 0, name: config.GROUP ? undefined : this.#watches[0]!.report.name };
  }

  states(): ServerState[] {
    return this.#watches.map(({ report }) => {
      const outOfUse = this.#faultOf(report.name);
      const role = report.name === this.#primary.name ? 'primary' : 'replica';
      return { ...report, role, ...(outOfUse && { outOfUse }) };
    });
  }

  /** Also set while the primary is down; undefined if the server of the highest term is unknown. */
  primaryName(): string | undefined {
    return this.#primary.name;
  }

  term(): number {
    return this.#primary.term;
  }

  isPrimaryReachable(): boolean {
    const primary = this.#report(this.#primary.name);
    const hasMajority = primary?.member === undefined || primary.member.hasMajority;
    return primary?.reachable === true && primary.isReadOnly !== true && hasMajority;
  }

  canSave(): boolean {
    const semiSync = this.#report(this.#primary.name)?.semiSync;
    const canConfirm = !semiSync?.enabled || semiSync.replicas > 0;
    const isReady = this.isPrimaryReachable() && !this.isDiskFull();
    return isReady && canConfirm && Date.now() >= this.#settledAt;
  }

  isDiskFull(): boolean {
    return this.#report(this.#primary.name)?.isDiskFull === true;
  }

  /** The primary takes writes, or would, and no replica receives and applies them. */
  isOnOneServer(): boolean {
    return this.#aloneSince !== undefined && Date.now() - this.#aloneSince >= ALONE_AFTER_MS;
  }

  async waitFor(condition: () => boolean, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const giveUpAt = Date.now() + limitMs;
    while (!condition()) {
      if (Date.now() >= giveUpAt || signal?.aborted) return false;
      await sleep(50, undefined, { ref: false });
    }
    return true;
  }

  /** A replica cut off from a live primary stays stale. Once the primary is gone, it has the best data available. */
  isFitForReading(name: string): boolean {
    const report = this.#report(name);
    const replication = report?.replication;
    if (name === this.#primary.name || !report?.reachable || !replication?.applying) return false;
    if (this.#faultOf(name)) return false;
    if (!replication.receiving || report.isDiskFull) return !this.isPrimaryReachable();
    return (replication.lagSeconds ?? 0) <= MAX_LAG_SECONDS;
  }

  isUpToDate(name: string): boolean {
    return this.isFitForReading(name) && (this.#report(name)?.replication?.lagSeconds ?? 0) === 0;
  }

  /** When a server has answered as none with its role would. */
  look(): void {
    for (const watch of this.#watches) watch.look();
  }

  forgetRestarts(name: string): void {
    this.#watches.find(({ report }) => report.name === name)?.forgetRestarts();
  }

  async ready(): Promise<void> {
    await Promise.all(this.#watches.map(({ firstReport }) => firstReport));
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }

  #report(name: string | undefined) {
    return this.#watches.find(({ report }) => report.name === name)?.report;
  }

  /** Faults are those of replicas: a server that has become the primary has none. */
  #faultOf(name: string): ReplicaFault | undefined {
    return name === this.#primary.name ? undefined : this.#faults?.[name];
  }

  #updatePrimary(): void {
    const { name } = this.#primary;
    const reports = this.#watches.map(({ report }) => report);
    this.#primary = this.#findPrimary(reports, this.#primary);
    // The replicas have a copy, for an instance that starts while the primary is away.
    this.#faults =
      this.#report(this.#primary.name)?.faults ??
      this.#faults ??
      reports.find(({ faults }) => faults !== undefined)?.faults;
    const isReachable = this.isPrimaryReachable();
    const isBack = isReachable && !this.#wasReachable;
    if (isBack || this.#primary.name !== name) this.#settledAt = Date.now() + SETTLE_MS;
    this.#wasReachable = isReachable;
    if (isReachable && !this.#hasCopy()) this.#aloneSince ??= Date.now();
    else this.#aloneSince = undefined;
  }

  #hasCopy(): boolean {
    const primary = this.#report(this.#primary.name);
    if (primary?.semiSync?.enabled && primary.semiSync.replicas === 0) return false;
    return this.#watches.some(
      ({ report: { name, reachable, replication, sourceUuid } }) =>
        reachable &&
        replication?.receiving &&
        replication.applying &&
        name !== primary?.name &&
        (sourceUuid === primary?.uuid || sourceUuid === primary?.sourceUuid),
    );
  }
}
