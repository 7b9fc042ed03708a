import type { Request, Response } from 'express';
import type { LoginQueue } from '../auth/login-queue.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Jobs } from '../jobs/jobs.ts';

export interface CustomerDependencies {
  config: WebConfig;
  databases: Databases;
  jobs: Jobs;
  queue: LoginQueue;
  /** For other folders, such as that of the cart. @returns parameters for the page that is opened next */
  atLogIn: (req: Request, res: Response, customerId: number) => Promise<Record<string, string>>;
}
