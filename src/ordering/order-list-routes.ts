import type { Writable } from 'node:stream';
import { Router } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { streamAnswer, waitForFirstRow } from '../http/stream-answer.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import { amountOf, writeCsv, writeWorkbook, type FileLine, type Reader } from './order-list-files.ts';
import {
  findOrderSupplier,
  listFirstLines,
  listOrderLines,
  listOrderSuppliers,
  NO_SUPPLIER,
  streamOrderLines,
  type OrderLine,
  type OrderSupplier,
} from './order-list-queries.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** On the page of all suppliers. */
const SUPPLIERS_PER_PAGE = 10;
const FIRST_LINES = 50;
/** On the page of one. */
const LINES_PER_PAGE = 100;

const number = z.coerce.number().int().nonnegative().max(4_294_967_295);
const listQuery = z.object({
  supplier: number.optional().catch(undefined),
  // A name of 100 characters, each of up to two units.
  from: z.string().max(200).catch(''),
  after: number.catch(0),
});

type Write = (lines: AsyncIterable<FileLine>, out: Writable, reader: Reader) => Promise<void>;

interface Group {
  supplier: OrderSupplier;
  lines: OrderLine[];
  next: number | undefined;
  /** Of the lines whose cost is known. */
  total: bigint;
  withoutCost: number;
}

interface OrderPage {
  groups: Group[];
  nextFrom: string | undefined;
}

class NoSuchSupplierError extends DomainError {
  constructor() {
    super({ code: 'supplier_not_found', status: 404, textKey: 'errors.supplierNotFound' });
  }
}

export function orderListRoutes({ CURRENCY }: WebConfig, databases: Databases): Router {
  const router = Router();
  const { catalogue } = databases;
  const units = new Units(catalogue);
  const slot = limited(new Semaphore(), 'errors.tooManyExports');

  router.get('/to-order', async (req, res) => {
    const query = listQuery.parse(req.query);
    const { supplier } = query;
    const page = await catalogue.readReplica(req.principal!, (db) =>
      supplier === undefined ? readPage(db, query.from) : readSupplierPage(db, supplier, query.after),
    );
    res.render('ordering/list', {
      ...page,
      supplier,
      isFirstPage: supplier === undefined ? query.from === '' : query.after === 0,
      seesCosts: req.principal!.permissions.has('cost:view'),
      noSupplier: NO_SUPPLIER,
      amountOf,
      unitOf: await units.read(req.principal!),
      unitWord,
    });
  });

  const file = (extension: string, type: string, write: Write) =>
    router.get(`/to-order/export.${extension}`, slot, async (req, res) => {
      const user = req.principal!;
      const { supplier } = listQuery.parse(req.query);
      const db = await catalogue.replicaForStream(user);
      const only = supplier === undefined ? undefined : await getSupplier(db, supplier);
      const today = req.dates.toWallClock(new Date()).toISOString().slice(0, 10);
      res.attachment(`${req.t('toOrder.fileName')}-${today}.${extension}`);
      res.set('Content-Type', type);
      if (req.method === 'HEAD') return void res.end();
      const { t, language } = req;
      const reader = { t, language, permissions: user.permissions, currency: CURRENCY };
      await streamAnswer(res, async () => {
        await write(await waitForFirstRow(streamOrderLines(db, only)), res, reader);
      });
    });
  file('xlsx', XLSX, writeWorkbook);
  file('csv', 'text/csv; charset=utf-8', writeCsv);

  return router;
}

async function readPage(db: Kysely<Catalogue>, after: string): Promise<OrderPage> {
  const { suppliers, next } = await listOrderSuppliers(db, { after, limit: SUPPLIERS_PER_PAGE });
  const ids = suppliers.map(({ id }) => id);
  const lines = await listFirstLines(db, ids, FIRST_LINES + 1);
  const groups = suppliers.map((supplier) => groupOf(supplier, lines.get(supplier.id) ?? [], FIRST_LINES));
  return { groups: groups.filter((group) => group.lines.length > 0), nextFrom: next };
}

async function readSupplierPage(db: Kysely<Catalogue>, id: number, after: number): Promise<OrderPage> {
  const supplier = await getSupplier(db, id);
  const lines = await listOrderLines(db, { supplierId: id, after, limit: LINES_PER_PAGE + 1 });
  return { groups: [groupOf(supplier, lines, LINES_PER_PAGE)], nextFrom: undefined };
}

async function getSupplier(db: Kysely<Catalogue>, id: number): Promise<OrderSupplier> {
  const supplier = await findOrderSupplier(db, id);
  if (!supplier) throw new NoSuchSupplierError();
  return supplier;
}

/** @param found one more than are shown, if there are more */
function groupOf(supplier: OrderSupplier, found: OrderLine[], limit: number): Group {
  const lines = found.slice(0, limit);
  const costs = lines.map(amountOf).filter((amount) => amount !== null);
  return {
    supplier,
    lines,
    next: found.length > limit ? lines.at(-1)!.id : undefined,
    total: costs.reduce((sum, amount) => sum + amount, 0n),
    withoutCost: lines.length - costs.length,
  };
}
