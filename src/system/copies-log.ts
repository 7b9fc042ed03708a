import type { Logger } from 'pino';
import { isOnOneServer, type Databases } from '../database/databases.ts';
import type { Jobs } from '../jobs/jobs.ts';

const LOOK_EVERY_MS = 1000;

export function logCopies(jobs: Jobs, databases: Databases, logger: Logger): void {
  let wasAlone = false;
  const look = () => {
    const isAlone = isOnOneServer(databases);
    if (isAlone && !wasAlone) logger.error('what is saved is on one server only');
    if (wasAlone && !isAlone) logger.info('a replica follows the primary again');
    wasAlone = isAlone;
  };
  jobs.every('copies', LOOK_EVERY_MS, () => Promise.resolve(look()));
}
