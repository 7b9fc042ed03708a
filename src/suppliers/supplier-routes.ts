import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm } from '../http/save-form.ts';
import { productId } from '../products/product-form.ts';
import { SupplierNotFoundError } from './supplier-errors.ts';
import { readTyped, supplierEdit, supplierForm, valuesOf, type SupplierValues } from './supplier-form.ts';
import {
  addSupplier,
  deleteSupplier,
  getSupplier,
  listSupplierPage,
  updateSupplier,
  type Supplier,
} from './supplier-queries.ts';

const listQuery = z.object({
  search: z.string().max(100).trim().catch(''),
  after: z.string().max(100).catch(''),
});

export function supplierRoutes(databases: Databases): Router {
  const router = Router();
  const { catalogue } = databases;

  router.get('/suppliers', async (req, res) => {
    const query = listQuery.parse(req.query);
    const page = await catalogue.readReplica(req.principal!, (db) => listSupplierPage(db, query));
    res.render('suppliers/list', { ...query, ...page });
  });

  router.get('/suppliers/new', (req, res) => showForm(req, res));

  router.post('/suppliers', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: () => readForm(supplierForm, req.body, req.t),
      save: (input) => catalogue.transactOnce(user, req.writeId(), (trx) => addSupplier(trx, input, user)),
      show: (page) => showForm(req, res, page),
      done: (_saved, { name }) => finish(req, res, 'suppliers.added', name),
    });
  });

  router.get('/suppliers/:id/edit', async (req, res) => {
    const supplier = await find(req);
    showForm(req, res, { id: supplier.id, version: supplier.version, values: valuesOf(supplier) });
  });

  router.post('/suppliers/:id', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readForm(supplierEdit, req.body, req.t),
      save: (edit) =>
        catalogue.transactOnce(user, req.writeId(), (trx) => updateSupplier(trx, id, edit, user)),
      show: (page) => showForm(req, res, { ...page, id }),
      refusals: {
        supplier_changed: ({ details, textKey }) =>
          showForm(req, res, {
            id,
            version: (details as { version: number }).version,
            errors: { name: req.t(textKey) },
          }),
      },
      done: (_saved, { name }) => finish(req, res, 'suppliers.saved', name),
    });
  });

  router.get('/suppliers/:id/delete', async (req, res) => {
    res.render('suppliers/delete', { ...NO_PROBLEM, supplier: await find(req), isRefused: false });
  });

  router.post('/suppliers/:id/delete', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const show = async (page: object) =>
      res.render('suppliers/delete', { ...NO_PROBLEM, isRefused: false, ...page, supplier: await find(req) });
    await saveForm(req, res, {
      parse: () => ({ ok: true, data: {} }),
      save: () => catalogue.transactOnce(user, req.writeId(), (trx) => deleteSupplier(trx, id, user)),
      show,
      refusals: { supplier_in_use: () => show({ isRefused: true }) },
      done: ({ name }) => finish(req, res, 'suppliers.deleted', name),
    });
  });

  async function find(req: Request): Promise<Supplier> {
    const id = readId(req);
    return catalogue.readReplica(req.principal!, (db) => getSupplier(db, id));
  }

  return router;
}

interface SupplierFormPage {
  id?: number;
  version?: number;
  values?: SupplierValues;
  errors?: Record<string, string>;
}

function showForm(req: Request, res: Response, page: SupplierFormPage = {}): void {
  const { version } = (req.body ?? {}) as { version?: unknown };
  res.render('suppliers/form', {
    ...NO_PROBLEM,
    id: undefined,
    version,
    values: readTyped(req.body),
    ...page,
  });
}

function finish(req: Request, res: Response, textKey: Flash['textKey'], name: string): void {
  leaveFlash(req, res, { textKey, productName: name });
  res.redirect(303, '/suppliers');
}

function readId(req: Request): number {
  const id = productId.safeParse(req.params.id);
  if (!id.success) throw new SupplierNotFoundError();
  return id.data;
}
