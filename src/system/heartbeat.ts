import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { version } from '../config/version.ts';
import { deleteHeartbeat, isWatched, writeHeartbeat, type InstanceReport } from './heartbeat-queries.ts';
import { InstanceActivity, type Activity } from './instance-activity.ts';
import { recentErrors } from '../telemetry/recent-errors.ts';

const LOOK_EVERY_SECONDS = 2;
/** Each beat is a commit that every replica repeats and the binary log keeps: few while nobody looks. */
const BEAT_EVERY_SECONDS = 10;
/** How long an instance that has drawn the page goes on as if it were still looked at. */
const WATCHED_SECONDS = 8;
const ERRORS_TOLD = 5;

const startedAt = new Date(Date.now() - process.uptime() * 1000);

/**
 * Tells the other instances, by a row on the primary, how this one is. While the primary is away it keeps
 * quiet and goes on. A write of nobody's: it moves no user's last write.
 */
export class Heartbeat {
  readonly #config: WebConfig;
  readonly #databases: Databases;
  readonly #activity = new InstanceActivity();
  #timer: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #watchedUntil = 0;
  #isBusy = false;

  constructor(config: WebConfig, databases: Databases) {
    this.#config = config;
    this.#databases = databases;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_SECONDS * 1000).unref();
    void this.#look();
  }

  /** Somebody looks at the page: this instance writes more often, and by that tells the others. */
  watch(): void {
    this.#watchedUntil = Date.now() + WATCHED_SECONDS * 1000;
  }

  /** How this instance is now. */
  async report(): Promise<InstanceReport> {
    return this.#report(await this.#activity.sample());
  }

  /** Takes the instance's row away. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const { INSTANCE } = this.#config;
    await this.#databases.change((db) => deleteHeartbeat(db, INSTANCE)).catch(() => undefined);
  }

  async #look(): Promise<void> {
    const now = Date.now();
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const activity = await this.#activity.sample();
      const watchedSeconds = Math.max(0, Math.round((this.#watchedUntil - now) / 1000));
      const watched = watchedSeconds > 0 || (await this.#databases.readLatest(isWatched));
      const isDue = now - this.#beatAt > (BEAT_EVERY_SECONDS - LOOK_EVERY_SECONDS / 2) * 1000;
      if (!watched && !isDue) return;
      const intervalSeconds = watched ? LOOK_EVERY_SECONDS : BEAT_EVERY_SECONDS;
      const beat = { intervalSeconds, watchedSeconds };
      await this.#databases.change((db) => writeHeartbeat(db, this.#report(activity), beat));
      this.#beatAt = now;
    } catch {
      // The next look tries again; that the primary is away is said where people meet it.
    } finally {
      this.#isBusy = false;
    }
  }

  #report(activity: Activity): InstanceReport {
    return {
      instance: this.#config.INSTANCE,
      version,
      startedAt,
      state: {
        node: process.version,
        weight: this.#config.WEIGHT,
        activity,
        pools: this.#databases.poolUse(),
        errors: recentErrors().slice(0, ERRORS_TOLD),
      },
    };
  }
}
