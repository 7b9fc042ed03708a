import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import { isAway } from '../database/away.ts';
import type { Databases } from '../database/databases.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { noteError } from '../telemetry/recent-errors.ts';
import { applyImport } from './apply-import.ts';
import { readInProcess } from './reading-process.ts';
import { LeaseLostError } from '../jobs/lease.ts';
import { claimImport, ImportLease, type ClaimedImport } from './import-lease.ts';
import { choicesOf, idleImport, type Notice } from './import-queries.ts';
import { UnreadableFileError } from '../spreadsheets/spreadsheet.ts';
import { dropRows } from './removal.ts';
import { listTouched, undoImport } from './undo-import.ts';

/** Stops a file that crashes each instance that reads it from being retried for ever. */
const MAX_TRIES = 5;
const RETRY_SECONDS = 2;

/** Reads, applies and undoes imports one at a time. If an instance dies, another starts its import again. */
export class ImportRunner {
  readonly #config: WebConfig;
  readonly #databases: Databases;
  readonly #logger: Logger;

  constructor(config: WebConfig, databases: Databases, logger: Logger) {
    this.#config = config;
    this.#databases = databases;
    this.#logger = logger;
  }

  async work(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const claimed = await claimImport(this.#databases, this.#config.INSTANCE);
      if (!claimed) return;
      const lease = new ImportLease(this.#databases, claimed, stopping);
      try {
        await this.#process(claimed, lease);
      } catch (error) {
        await this.#releaseFailed(error, lease);
      } finally {
        lease.end();
      }
    }
  }

  async #process(claimed: ClaimedImport, lease: ImportLease): Promise<void> {
    const isReading = claimed.state === 'reading';
    try {
      if (isReading) {
        if (claimed.tries > MAX_TRIES) throw new UnreadableFileError('failed');
        await this.#read(claimed, lease);
        await dropRows(this.#databases, claimed.id, claimed.attempt);
      } else if (claimed.state === 'applying' && claimed.tries > MAX_TRIES) {
        await lease.finish({ ...idleImport('preview'), notice: asJson({ reason: 'notApplied' }) });
      } else if (claimed.undoState === 'asked') {
        await this.#undo(claimed, lease);
      } else {
        await applyImport(this.#databases, claimed, lease);
        await lease.finish(idleImport('applied'));
      }
    } catch (error) {
      if (error instanceof UnreadableFileError) {
        const { reason, values } = error;
        await lease.finish({ ...idleImport('refused'), notice: asJson({ reason, values }) });
      } else if (isDomainError(error, 'changed_meanwhile')) {
        await lease.finish({
          ...idleImport('reading'),
          notice: asJson({ reason: 'changedMeanwhile' }),
          progress: 0,
          lease_until: sql`UTC_TIMESTAMP(3)`,
        });
      } else {
        throw error;
      }
    }
  }

  async #undo(claimed: ClaimedImport, lease: ImportLease): Promise<void> {
    const idle = idleImport('applied');
    if (claimed.tries > MAX_TRIES) {
      const notice = asJson({ reason: 'notUndone' });
      await lease.finish({ ...idle, undo_state: 'possible', notice });
      return;
    }
    try {
      await undoImport(this.#databases, claimed, lease);
      await lease.finish(idle);
    } catch (error) {
      if (!isDomainError(error, 'import_rows_touched')) throw error;
      const touched = await this.#databases.catalogue.transact((trx) => listTouched(trx, claimed));
      const notice = asJson({ reason: 'undoRefused', touched });
      await lease.finish({ ...idle, undo_state: 'refused', notice });
    }
  }

  async #read(claimed: ClaimedImport, lease: ImportLease): Promise<void> {
    const { id, attempt, file, fileBytes } = claimed;
    const reading = { id, attempt, file, fileBytes, choices: choicesOf(claimed.findings) };
    const outcome = await lease.during((signal) =>
      readInProcess(this.#config, reading, { report: (progress) => lease.report(progress), signal }),
    );
    const findings = JSON.stringify(outcome.findings);
    if (outcome.totals) {
      const totals = JSON.stringify(outcome.totals);
      await lease.finish({ ...idleImport('preview'), reading: attempt, findings, totals });
    } else {
      await lease.finish({ ...idleImport('unassigned'), reading: null, findings, totals: null });
    }
  }

  async #releaseFailed(error: unknown, lease: ImportLease): Promise<void> {
    const isTransient = error instanceof LeaseLostError || isAway(error);
    if (!isTransient) {
      this.#logger.error({ err: error }, 'import failed');
      noteError(error, '');
    }
    const delaySeconds = error instanceof LeaseLostError ? 0 : RETRY_SECONDS;
    await lease.release({ countsAsTry: !isTransient, delaySeconds });
  }
}

function asJson(notice: Notice): string {
  return JSON.stringify(notice);
}
