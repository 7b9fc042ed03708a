import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { TFunction } from 'i18next';
import { QUICK_CHANGE_MS } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { ExportState } from '../database/tables.ts';
import { HttpError } from '../http/http-error.ts';
import { Semaphore } from '../http/semaphore.ts';
import type { Product } from '../products/product.ts';
import { writeCsv, writeWorkbook } from './product-export.ts';
import {
  cancelExport,
  countForProgress,
  exportId,
  findProgress,
  ProgressTeller,
  type ExportName,
} from './export-progress.ts';
import { readFilter } from '../product-list/product-filter.ts';
import { streamProducts } from '../product-list/product-stream.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** NGINX takes a file as fast as we give it; whoever is so slow has come past it, or has gone. */
const STALL_LIMIT_MS = 15_000;
const EXPORT_LIMIT_MS = 5 * 60_000;
/** What fails before is answered in words; the file begins then, however long its first row takes. */
const FIRST_ROW_MS = 200;

type Write = (products: AsyncIterable<Product>, out: Writable, t: TFunction) => Promise<void>;

/** Files of exactly what the list shows under the same filter, and how far they are. */
export function productExportRoutes(databases: Databases): Router {
  const router = Router();
  const slots = new Semaphore();
  const file = (extension: string, type: string, write: Write) =>
    router.get(`/products/export.${extension}`, exporting({ databases, slots, type, extension, write }));
  file('xlsx', XLSX, writeWorkbook);
  file('csv', 'text/csv; charset=utf-8', writeCsv);

  router.get('/api/exports/:id', async (req, res) => {
    const name = exportName(req);
    const progress = await databases.directory.readPrimary((db) => findProgress(db, name));
    if (!progress) throw new HttpError(404, 'errors.exportNotFound');
    res.json(progress);
  });

  router.post('/api/exports/:id/cancel', async (req, res) => {
    const name = exportName(req);
    const isCancelled = await databases.directory.transact((trx) => cancelExport(trx, name), {
      limitMs: QUICK_CHANGE_MS,
    });
    if (!isCancelled) throw new HttpError(404, 'errors.exportNotFound');
    res.status(204).end();
  });
  return router;
}

/** Everybody has names of their own: nobody learns of another's exports. */
function exportName(req: Request): ExportName {
  const id = exportId.safeParse(req.params.id);
  if (!id.success) throw new HttpError(404, 'errors.exportNotFound');
  return { userId: req.principal!.id, id: id.data };
}

interface Exporting {
  databases: Databases;
  slots: Semaphore;
  type: string;
  extension: string;
  write: Write;
}

function exporting({ databases, slots, type, extension, write }: Exporting): RequestHandler {
  return async (req, res) => {
    const user = req.principal!;
    const filter = readFilter(req.query);
    const giveBack = slots.take(user.id);
    if (!giveBack) throw new HttpError(429, 'errors.tooManyExports', { retryAfterSeconds: 10 });
    let end: ExportState = 'failed';
    let products: AsyncGenerator<Product> | undefined;
    let teller: ProgressTeller | undefined;
    try {
      const db = await databases.catalogue.replicaForStream(user);
      const today = new Date().toISOString().slice(0, 10);
      res.attachment(`${req.t('export.fileName')}-${today}.${extension}`);
      res.set('Content-Type', type);
      if (req.method === 'HEAD') return void res.end();
      const { data: id } = exportId.safeParse(req.query.progress);
      if (id) teller = new ProgressTeller(databases, { userId: user.id, id }, () => res.destroy());
      teller?.expect(countForProgress(db, filter));
      products = streamProducts(db, filter);
      const rows = await begin(products);
      end = await whileTaken(res, () => write(teller?.counting(rows) ?? rows, res, req.t));
    } finally {
      void teller?.end(end);
      // Its connection is taken until the first row has come, even if nobody waits for it any more.
      await products?.return(undefined);
      giveBack();
    }
  };
}

/** Asks for the first item, and gives all of them. */
async function begin<T>(items: AsyncGenerator<T>): Promise<AsyncIterable<T>> {
  const asked = items.next();
  await Promise.race([asked, sleep(FIRST_ROW_MS)]);
  return (async function* () {
    const first = await asked;
    if (first.done) return;
    yield first.value;
    yield* items;
  })();
}

/** Ends the response, and with it the query, when nobody takes it; that somebody has left is no error. */
async function whileTaken(res: Response, work: () => Promise<void>): Promise<ExportState> {
  let end: ExportState = 'cancelled';
  const cutOff = () => {
    end = 'failed';
    res.destroy();
  };
  res.setTimeout(STALL_LIMIT_MS, () => {
    // Else it is the database that is waited for: it may have a million rows to sort.
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

/** What Node says of a stream that nobody takes any more; that the rows end early is called otherwise. */
function isClosed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'ABORT_ERR' || code.startsWith('ERR_STREAM_');
}
