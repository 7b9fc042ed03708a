import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseConfig } from '../config/config.ts';
import { connectionOptions, serverName } from './connect.ts';
import type { FindPrimary, KnownPrimary } from './primary-by-term.ts';
import { ServerWatch, type ServerState } from './server-watch.ts';

/** A replica further behind than this is left out until it has caught up. */
const MAX_LAG_SECONDS = 10;
/**
 * A primary that has come back, or a new one, takes writes after this: by then every instance has asked it
 * and reads there, so that none shows the past to who has just saved something.
 */
const SETTLE_MS = 700;
/** The first server of the configuration is the primary until one of them says otherwise. */
const FIRST = serverName(0);

/** Knows every server's state, and which one is the primary. */
export class ServerMonitor {
  readonly #watches: ServerWatch[];
  readonly #strategy: FindPrimary;
  #settledAt = 0;
  #wasReachable = true;
  #primary: KnownPrimary = { term: 0, name: FIRST };

  constructor(config: DatabaseConfig, findPrimary: FindPrimary) {
    this.#strategy = findPrimary;
    const account = { user: 'inventario_monitor', password: config.MONITOR_PASSWORD };
    this.#watches = [config.PRIMARY, ...config.REPLICAS].map((server, index) => {
      const name = serverName(index);
      return new ServerWatch(name, connectionOptions(server, account), () => this.#noteChanges());
    });
  }

  states(): ServerState[] {
    return this.#watches.map(({ report }) => ({
      ...report,
      role: report.name === this.#primary.name ? 'primary' : 'replica',
    }));
  }

  /**
   * The server that takes writes: that of the highest term, also while it does not answer. Undefined
   * when that one has not been heard of.
   */
  primaryName(): string | undefined {
    return this.#primary.name;
  }

  /** How often the primary has been replaced. */
  term(): number {
    return this.#primary.term;
  }

  isPrimaryReachable(): boolean {
    const primary = this.#report(this.#primary.name);
    return primary?.reachable === true && primary.isReadOnly !== true;
  }

  /**
   * What is saved would be acknowledged: the primary answers, all instances know it, and a replica is
   * there where one must confirm.
   */
  canSave(): boolean {
    const semiSync = this.#report(this.#primary.name)?.semiSync;
    const canConfirm = !semiSync?.enabled || semiSync.replicas > 0;
    return this.isPrimaryReachable() && canConfirm && Date.now() >= this.#settledAt;
  }

  /** Waits until `condition` holds; says whether it does. */
  async waitFor(condition: () => boolean, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const giveUpAt = Date.now() + limitMs;
    while (!condition()) {
      if (Date.now() >= giveUpAt || signal?.aborted) return false;
      await sleep(50, undefined, { ref: false });
    }
    return true;
  }

  /**
   * A replica cut off from a primary that still takes writes would show the past without end; one
   * cut off because the primary is gone has the best there is.
   */
  isFitForReading(name: string): boolean {
    const report = this.#report(name);
    const replication = report?.replication;
    if (name === this.#primary.name || !report?.reachable || !replication?.applying) return false;
    if (!replication.receiving) return !this.isPrimaryReachable();
    return (replication.lagSeconds ?? 0) <= MAX_LAG_SECONDS;
  }

  /** It has applied all that it knows of. */
  isUpToDate(name: string): boolean {
    return this.isFitForReading(name) && (this.#report(name)?.replication?.lagSeconds ?? 0) === 0;
  }

  /** Every server has been asked once. */
  async ready(): Promise<void> {
    await Promise.all(this.#watches.map(({ firstAnswer }) => firstAnswer));
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }

  #report(name: string | undefined) {
    return this.#watches.find(({ report }) => report.name === name)?.report;
  }

  #noteChanges(): void {
    const { name } = this.#primary;
    this.#primary = this.#strategy(
      this.#watches.map(({ report }) => report),
      this.#primary,
    );
    const isReachable = this.isPrimaryReachable();
    const isBack = isReachable && !this.#wasReachable;
    if (isBack || this.#primary.name !== name) this.#settledAt = Date.now() + SETTLE_MS;
    this.#wasReachable = isReachable;
  }
}
