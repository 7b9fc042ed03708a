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
const BEAT_WATCHED_SECONDS = 2;
/** Each heartbeat is a replicated commit, so they are rare while the page is not watched. */
const BEAT_EVERY_SECONDS = 10;
const WATCHED_SECONDS = 8;
const MAX_ERRORS = 5;

const startedAt = new Date(Date.now() - process.uptime() * 1000);

/** A system write: it moves no user's last write. */
export class Heartbeat {
  readonly #config: WebConfig;
  readonly #databases: Databases;
  readonly #activity = new InstanceActivity();
  readonly #jobs: Jobs;
  #watchedUntil = 0;

  constructor(config: WebConfig, databases: Databases, jobs: Jobs) {
    this.#config = config;
    this.#databases = databases;
    this.#jobs = jobs;
    jobs.every('activity', SAMPLE_EVERY_MS, async () => {
      await this.#activity.sample();
    });
    const own = { instance: config.INSTANCE, startedAt };
    // One polling round early, so that it is never overdue.
    const condition = isBeatDue(own, BEAT_EVERY_SECONDS - 1);
    jobs.whenDue('heartbeat', { group: databases.directory, condition }, () => this.#beat());
  }

  watch(): void {
    const isNew = Date.now() > this.#watchedUntil;
    this.#watchedUntil = Date.now() + WATCHED_SECONDS * 1000;
    if (isNew) this.#jobs.wake('heartbeat');
  }

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
        errors: recentErrors().slice(0, MAX_ERRORS),
      },
    };
  }

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
