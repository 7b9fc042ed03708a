import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { ExportState } from '../database/tables.ts';
import { HttpError } from '../http/http-error.ts';
import { Semaphore } from '../http/semaphore.ts';
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
/** NGINX reads as fast as we write; a stalled reader has bypassed NGINX or is gone. */
const STALL_LIMIT_MS = 15_000;
const EXPORT_LIMIT_MS = 5 * 60_000;
/** A query that fails within this time gets an error page; after it, the headers go out. */
const FIRST_ROW_MS = 200;

type Write = (products: AsyncIterable<Product>, out: Writable, reader: Reader) => Promise<void>;

export function productExportRoutes(databases: Databases): Router {
  const router = Router();
  const slots = new Semaphore();
  const file = (extension: string, type: string, write: Write) =>
    router.get(`/products/export.${extension}`, exportHandler({ databases, slots, type, extension, write }));
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
  slots: Semaphore;
  type: string;
  extension: string;
  write: Write;
}

function exportHandler({ databases, slots, type, extension, write }: ExportOptions): RequestHandler {
  return async (req, res) => {
    const user = req.principal!;
    const filter = readFilter(req.query);
    const release = slots.take(user.id);
    if (!release) throw new HttpError(429, 'errors.tooManyExports', { retryAfterSeconds: 10 });
    let end: ExportState = 'failed';
    let products: AsyncGenerator<Product> | undefined;
    let reporter: ProgressReporter | undefined;
    try {
      const db = await databases.catalogue.replicaForStream(user);
      const today = req.dates.toWallClock(new Date()).toISOString().slice(0, 10);
      res.attachment(`${req.t('export.fileName')}-${today}.${extension}`);
      res.set('Content-Type', type);
      if (req.method === 'HEAD') return void res.end();
      const { data: id } = exportId.safeParse(req.query.progress);
      if (id) reporter = new ProgressReporter(databases, { userId: user.id, id }, () => res.destroy());
      reporter?.setTotal(countForProgress(db, filter));
      products = streamProducts(db, filter);
      const rows = await waitForFirstRow(products);
      end = await untilClosed(res, () => write(reporter?.countRows(rows) ?? rows, res, req));
    } finally {
      void reporter?.end(end);
      // Even after the client has left, the connection is busy until the first row arrives.
      await products?.return(undefined);
      release();
    }
  };
}

async function waitForFirstRow<T>(items: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const pending = items.next();
  await Promise.race([pending, sleep(FIRST_ROW_MS)]);
  return (async function* () {
    const first = await pending;
    if (first.done) return;
    yield first.value;
    yield* items;
  })();
}

/** Destroys a stalled or overlong response, which ends the query. A client that leaves is no error. */
async function untilClosed(res: Response, work: () => Promise<void>): Promise<ExportState> {
  let end: ExportState = 'cancelled';
  const cutOff = () => {
    end = 'failed';
    res.destroy();
  };
  res.setTimeout(STALL_LIMIT_MS, () => {
    // Otherwise the response is waiting for the database, which may have to sort a million rows.
    if (res.writableNeedDrain) cutOff();
  });
  const limit = setTimeout(cutOff, EXPORT_LIMIT_MS);
  try {
    await work();
    return 'done';
  } catch (error) {
    if (!isClosed(error)) throw error;
    return end;
  } finally {
    clearTimeout(limit);
  }
}

/** Node's error codes for a closed stream; a failed query has a different code. */
function isClosed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'ABORT_ERR' || code.startsWith('ERR_STREAM_');
}
