import type { Writable } from 'node:stream';
import { Router, type RequestHandler, type Response } from 'express';
import type { TFunction } from 'i18next';
import type { Databases } from '../database/databases.ts';
import { HttpError } from '../http/http-error.ts';
import { ExportSlots } from './export-slots.ts';
import type { Product } from './product.ts';
import { writeCsv, writeWorkbook } from './product-export.ts';
import { readFilter } from './product-filter.ts';
import { streamProducts } from './product-search.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** NGINX takes a file as fast as we give it; whoever is so slow has come past it, or has gone. */
const STALL_LIMIT_MS = 15_000;
const EXPORT_LIMIT_MS = 5 * 60_000;

type Write = (products: AsyncIterable<Product>, out: Writable, t: TFunction) => Promise<void>;

/** Files of exactly what the list shows under the same filter. */
export function productExportRoutes(databases: Databases): Router {
  const router = Router();
  const slots = new ExportSlots();
  const file = (extension: string, type: string, write: Write) =>
    router.get(`/products/export.${extension}`, exporting({ databases, slots, type, extension, write }));
  file('xlsx', XLSX, writeWorkbook);
  file('csv', 'text/csv; charset=utf-8', writeCsv);
  return router;
}

interface Exporting {
  databases: Databases;
  slots: ExportSlots;
  type: string;
  extension: string;
  write: Write;
}

function exporting({ databases, slots, type, extension, write }: Exporting): RequestHandler {
  return async (req, res) => {
    const giveBack = slots.take(req.user!.id);
    if (!giveBack) {
      res.set('Retry-After', '10');
      throw new HttpError(429, 'errors.tooManyExports');
    }
    try {
      const db = await databases.forReading(req.user!);
      const today = new Date().toISOString().slice(0, 10);
      res.attachment(`${req.t('export.fileName')}-${today}.${extension}`);
      res.set('Content-Type', type);
      await whileTaken(res, () => write(streamProducts(db, readFilter(req.query)), res, req.t));
    } finally {
      giveBack();
    }
  };
}

/** Ends the response, and with it the query, when nobody takes it; that somebody has left is no error. */
async function whileTaken(res: Response, work: () => Promise<void>): Promise<void> {
  const cutOff = () => res.destroy();
  res.setTimeout(STALL_LIMIT_MS, cutOff);
  const limit = setTimeout(cutOff, EXPORT_LIMIT_MS);
  try {
    await work();
  } catch (error) {
    if (!res.destroyed) throw error;
  } finally {
    clearTimeout(limit);
  }
}
