import type { Writable } from 'node:stream';
import { Router, type RequestHandler } from 'express';
import type { TFunction } from 'i18next';
import type { Databases } from '../database/databases.ts';
import type { Product } from './product.ts';
import { writeCsv, writeWorkbook } from './product-export.ts';
import { readFilter } from './product-filter.ts';
import { streamProducts } from './product-search.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

type Write = (products: AsyncIterable<Product>, out: Writable, t: TFunction) => Promise<void>;

/** Files of exactly what the list shows under the same filter. */
export function productExportRoutes(databases: Databases): Router {
  const router = Router();
  router.get('/products/export.xlsx', exporting(databases, XLSX, 'xlsx', writeWorkbook));
  router.get('/products/export.csv', exporting(databases, 'text/csv; charset=utf-8', 'csv', writeCsv));
  return router;
}

function exporting(databases: Databases, type: string, extension: string, write: Write): RequestHandler {
  return async (req, res) => {
    const db = await databases.forReading(req.user!);
    const today = new Date().toISOString().slice(0, 10);
    res.attachment(`${req.t('export.fileName')}-${today}.${extension}`);
    res.set('Content-Type', type);
    await write(streamProducts(db, readFilter(req.query)), res, req.t);
  };
}
