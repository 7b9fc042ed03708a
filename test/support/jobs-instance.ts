import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { PrimaryAwayError, type Databases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { openDatabases } from './open-databases.ts';
import { waitUntil } from './wait-until.ts';

/** The background work of one more instance, which can be cut off from its databases. */
export class JobsInstance {
  readonly jobs: Jobs;
  readonly databases: Databases;
  isCutOff = false;
  /** Calls that reached a database. */
  calls = 0;

  private constructor(databases: Databases) {
    this.databases = databases;
    const onTheWay = new Proxy(databases, {
      get: (target, key) => {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          if (this.isCutOff) return Promise.reject(new PrimaryAwayError('cut off'));
          this.calls++;
          return (method as (...given: unknown[]) => unknown)(...args);
        };
      },
    });
    this.jobs = new Jobs({ INSTANCE: `test-${randomUUID()}` }, onTheWay, pino({ level: 'silent' }));
  }

  static async open(): Promise<JobsInstance> {
    const databases = await openDatabases();
    await waitUntil(() => databases.monitor.canSave());
    return new JobsInstance(databases);
  }

  async close(): Promise<void> {
    await this.jobs.stop();
    await this.databases.close();
  }
}
