import type { LoginQueue } from '../auth/login-queue.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Jobs } from '../jobs/jobs.ts';

export interface CustomerDependencies {
  config: WebConfig;
  databases: Databases;
  jobs: Jobs;
  queue: LoginQueue;
}
