import type { WebConfig } from '../config/config.ts';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import { version } from '../config/version.ts';
import type { Jobs } from '../jobs/jobs.ts';
import {
  deleteHeartbeat,
  isBeatDue,
  isWatched,
  writeHeartbeat,
  type InstanceReport,
} from './heartbeat-queries.ts';
import { InstanceActivity } from './instance-activity.ts';
import { recentErrors } from '../telemetry/recent-errors.ts';

const SAMPLE_EVERY_MS = 2000;
/** While somebody looks at the page, which is as often as the instances look for jobs. */
const BEAT_WATCHED_SECONDS = 2;
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
  readonly #jobs: Jobs;
  #watchedUntil = 0;

  /** Registers its jobs. */
  constructor(config: WebConfig, databases: Databases, jobs: Jobs) {
    this.#config = config;
    this.#databases = databases;
    this.#jobs = jobs;
    jobs.every('activity', SAMPLE_EVERY_MS, async () => {
      await this.#activity.sample();
    });
    const own = { instance: config.INSTANCE, startedAt };
    // A look earlier than the row promises, so that it is never overdue.
    const condition = isBeatDue(own, BEAT_EVERY_SECONDS - 1);
    jobs.whenDue('heartbeat', { group: databases.directory, condition }, () => this.#beat());
  }

  /** Somebody looks at the page: this instance writes more often, and by that tells the others. */
  watch(): void {
    const isNew = Date.now() > this.#watchedUntil;
    this.#watchedUntil = Date.now() + WATCHED_SECONDS * 1000;
    if (isNew) this.#jobs.wake('heartbeat');
  }

  /** How this instance is now. */
  async report(): Promise<InstanceReport> {
    const activity = await this.#activity.sample();
    return {
      instance: this.#config.INSTANCE,
      version,
      startedAt,
      state: {
        node: process.version,
        weight: this.#config.WEIGHT,
        activity,
        pools: this.#databases.directory.poolUse(),
        errors: recentErrors().slice(0, ERRORS_TOLD),
      },
    };
  }

  /** Takes the instance's row away; its jobs have stopped. */
  async remove(): Promise<void> {
    const { INSTANCE } = this.#config;
    await this.#databases.directory
      .transact((trx) => deleteHeartbeat(trx, INSTANCE), { limitMs: QUICK_CHANGE_MS })
      .catch(() => undefined);
  }

  async #beat(): Promise<void> {
    const report = await this.report();
    const watchedSeconds = Math.max(0, Math.round((this.#watchedUntil - Date.now()) / 1000));
    const watched = watchedSeconds > 0 || (await this.#databases.directory.readPrimary(isWatched));
    const intervalSeconds = watched ? BEAT_WATCHED_SECONDS : BEAT_EVERY_SECONDS;
    const beat = { intervalSeconds, watchedSeconds };
    await this.#databases.directory.transact((trx) => writeHeartbeat(trx, report, beat), {
      limitMs: QUICK_CHANGE_MS,
    });
  }
}
