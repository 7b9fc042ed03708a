import type { Logger } from 'pino';
import { QUICK_CHANGE_MS, type DatabaseGroup } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import { reportFault, type ReplicaFault } from '../database/replica-faults.ts';
import type { GroupTables } from '../database/tables.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { compareReplicas } from './compare-replicas.ts';

const COMPARE_EVERY_SECONDS = 5 * 60;
const COUNT_EVERY_MS = 2000;
/** In five minutes. */
const MAX_RESTARTS = 3;

interface ReplicaJobs {
  logger: Logger;
  countRestarts: boolean;
}

export function replicaJobs(jobs: Jobs, databases: Databases, { logger, countRestarts }: ReplicaJobs): void {
  async function takeOutOfUse(
    group: DatabaseGroup<GroupTables>,
    found: { server: string; fault: ReplicaFault; table?: string },
  ): Promise<void> {
    await group.transact((trx) => reportFault(trx, found), { limitMs: QUICK_CHANGE_MS });
    logger.error(found, 'replica out of use');
  }

  jobs.underLease('compare replicas', COMPARE_EVERY_SECONDS, async (lease) => {
    for (const group of databases.groups.values()) {
      await compareReplicas(group, lease, (found) => takeOutOfUse(group, found));
    }
  });

  if (!countRestarts) return;
  jobs.every('replica restarts', COUNT_EVERY_MS, async () => {
    for (const group of databases.groups.values()) {
      for (const { name, role, outOfUse, restarts = 0 } of group.monitor.states()) {
        const isCrashing = role === 'replica' && restarts >= MAX_RESTARTS;
        if (isCrashing && !outOfUse) await takeOutOfUse(group, { server: name, fault: 'crashing' });
        // A clone that takes its place starts from zero.
        if (isCrashing || outOfUse) group.monitor.forgetRestarts(name);
      }
    }
  });
}
