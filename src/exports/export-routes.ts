import type { Writable } from 'node:stream';
import { Router, type Request, type RequestHandler } from 'express';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { ExportState } from '../database/tables.ts';
import { HttpError } from '../http/http-error.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { streamAnswer, waitForFirstRow, type AnswerEnd } from '../http/stream-answer.ts';
import type { Product } from '../products/product.ts';
import { writeCsv, writeWorkbook, type Reader } from './product-export.ts';
import {
  cancelExport,
  countForProgress,
  exportId,
  findProgress,
  ProgressReporter,
  type ExportKey,
} from './export-progress.ts';
import { readFilter } from '../product-list/product-filter.ts';
import { streamProducts } from '../product-list/product-stream.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

const STATES: Record<AnswerEnd, ExportState> = {
  complete: 'done',
  'client left': 'cancelled',
  'cut off': 'failed',
};

type Write = (products: AsyncIterable<Product>, out: Writable, reader: Reader) => Promise<void>;

export function productExportRoutes(databases: Databases): Router {
  const router = Router();
  const slot = limited(new Semaphore(), 'errors.tooManyExports');
  const file = (extension: string, type: string, write: Write) =>
    router.get(`/products/export.${extension}`, slot, exportHandler({ databases, type, extension, write }));
  file('xlsx', XLSX, writeWorkbook);
  file('csv', 'text/csv; charset=utf-8', writeCsv);

  router.get('/api/exports/:id', async (req, res) => {
    const key = exportKey(req);
    const progress = await databases.directory.readPrimary((db) => findProgress(db, key));
    if (!progress) throw new HttpError(404, 'errors.exportNotFound');
    res.json(progress);
  });

  router.post('/api/exports/:id/cancel', async (req, res) => {
    const key = exportKey(req);
    const isCancelled = await databases.directory.transact((trx) => cancelExport(trx, key), {
      limitMs: QUICK_CHANGE_MS,
    });
    if (!isCancelled) throw new HttpError(404, 'errors.exportNotFound');
    res.status(204).end();
  });
  return router;
}

/** Keyed by user, so that no one sees or cancels the exports of others. */
function exportKey(req: Request): ExportKey {
  const id = exportId.safeParse(req.params.id);
  if (!id.success) throw new HttpError(404, 'errors.exportNotFound');
  return { userId: req.principal!.id, id: id.data };
}

interface ExportOptions {
  databases: Databases;
  type: string;
  extension: string;
  write: Write;
}

function exportHandler({ databases, type, extension, write }: ExportOptions): RequestHandler {
  return async (req, res) => {
    const user = req.principal!;
    const filter = readFilter(req.query);
    const db = await databases.catalogue.replicaForStream(user);
    const today = req.dates.toWallClock(new Date()).toISOString().slice(0, 10);
    res.attachment(`${req.t('export.fileName')}-${today}.${extension}`);
    res.set('Content-Type', type);
    if (req.method === 'HEAD') return void res.end();
    const { data: id } = exportId.safeParse(req.query.progress);
    const key = id && { userId: user.id, id };
    const reporter = key && new ProgressReporter(databases, key, () => res.destroy());
    let end: ExportState = 'failed';
    try {
      const answer = await streamAnswer(res, async () => {
        reporter?.setTotal(countForProgress(db, filter));
        const rows = await waitForFirstRow(streamProducts(db, filter));
        const { t, dates, language } = req;
        const reader = { t, dates, language, permissions: user.permissions };
        await write(reporter?.countRows(rows) ?? rows, res, reader);
      });
      end = STATES[answer];
    } finally {
      void reporter?.end(end);
    }
  };
}
