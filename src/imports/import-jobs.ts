import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { deleteUnfinishedUploads, expireImports } from './clean-imports.ts';
import { ImportRunner } from './import-runner.ts';
import { DROP_FILE, DROP_ROWS, dropFile, dropRows } from './removal.ts';

const hasWaitingImport = sql<boolean>`
  EXISTS (SELECT 1 FROM product_import WHERE lease_until < UTC_TIMESTAMP(3))`;

interface ImportDependencies {
  config: WebConfig;
  databases: Databases;
  logger: Logger;
  draining: AbortSignal;
}

export function importJobs(jobs: Jobs, { config, databases, logger, draining }: ImportDependencies): void {
  const runner = new ImportRunner(config, databases, logger);
  jobs.whenDue('imports', { group: databases.catalogue, condition: hasWaitingImport }, (stopping) =>
    runner.work(AbortSignal.any([stopping, draining])),
  );
  jobs.handle(DROP_FILE, ({ file }) => dropFile(databases, Buffer.from(file, 'hex')));
  jobs.handle(DROP_ROWS, ({ id }) => dropRows(databases, id));
  jobs.cleanUp('imports', databases.catalogue, expireImports);
  jobs.cleanUp('unfinished uploads', databases.catalogue, deleteUnfinishedUploads);
}
