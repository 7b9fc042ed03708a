import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { PrimaryAwayError } from '../../src/database/away.ts';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { openDatabases } from './open-databases.ts';
import { waitUntil } from './wait-until.ts';

/** The background jobs of an extra instance that can be cut off from its databases. */
export class JobsInstance {
  readonly jobs: Jobs;
  readonly databases: Databases;
  isCutOff = false;
  /** Calls that reached a database. */
  calls = 0;

  private constructor(databases: Databases) {
    this.databases = databases;
    const directory = this.#withCutOff(databases.directory);
    // Like the system under test, directory and catalogue share one group.
    const catalogue = directory as unknown as Databases['catalogue'];
    const groups = new Map([[directory.name, directory]]) as unknown as Databases['groups'];
    this.jobs = new Jobs(
      { INSTANCE: `test-${randomUUID().slice(0, 8)}` },
      { groups, directory, catalogue },
      pino({ level: 'silent' }),
    );
  }

  static async open(): Promise<JobsInstance> {
    const databases = await openDatabases();
    await waitUntil(() => databases.directory.monitor.canSave());
    return new JobsInstance(databases);
  }

  async close(): Promise<void> {
    await this.jobs.stop();
    await closeDatabases(this.databases);
  }

  #withCutOff<Group extends object>(group: Group): Group {
    return new Proxy(group, {
      get: (target, key) => {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          if (this.isCutOff) return Promise.reject(new PrimaryAwayError('cut off'));
          this.calls++;
          return (method as (...given: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  }
}
