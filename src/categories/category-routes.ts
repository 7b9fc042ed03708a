import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Category } from '../products/category-queries.ts';
import { line } from '../products/field-rules.ts';
import { OTHER_CATEGORY } from '../products/product-fields.ts';
import { productId } from '../products/product-form.ts';
import { addCategory, deleteCategory, renameCategory } from './category-changes.ts';
import { CategoryNotFoundError } from './category-errors.ts';
import { getListedCategory, listCategoryPage, listTargets } from './category-list.ts';
import { startMerge } from './category-merge.ts';

const name = line(50, {
  missing: 'categories.errors.name',
  tooLong: 'product.errors.categoryLength',
}).refine((text) => text !== OTHER_CATEGORY, 'categories.errors.name');
const addForm = z.object({ name });
const renameForm = z.object({ name, was: z.string().max(50).default('') });
const mergeForm = z.object({
  into: z
    .string('categories.errors.target')
    .refine((text) => productId.safeParse(text).success, 'categories.errors.target')
    .transform(Number),
});
const listQuery = z.object({
  search: z.string().max(100).trim().catch(''),
  after: z.string().max(50).catch(''),
});

interface NamePage extends FormPage {
  values: { name: string };
  taken?: Category | undefined;
}

export function categoryRoutes(databases: Databases, jobs: Jobs): Router {
  const router = Router();
  const { catalogue } = databases;

  router.get('/categories', async (req, res) => {
    await showList(req, res, { ...NO_PROBLEM, values: { name: '' } });
  });

  router.post('/categories', async (req, res) => {
    const user = req.principal!;
    const show = (page: FormPage, taken?: Category) =>
      showList(req, res, { ...page, values: typedName(req), taken });
    await saveForm(req, res, {
      parse: () => readForm(addForm, req.body, req.t),
      save: (input) =>
        catalogue.transactOnce(user, req.writeId(), (trx) => addCategory(trx, input.name, user)),
      show,
      refusals: { category_name_taken: (refusal) => show(...besideName(req, refusal)) },
      done: (added) => finish(req, res, 'categories.added', added.name),
    });
  });

  router.get('/categories/:id/edit', async (req, res) => {
    const category = await getCategory(req);
    res.render('categories/form', { category, values: category, taken: undefined, ...NO_PROBLEM });
  });

  router.post('/categories/:id', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const show = async (page: FormPage, taken?: Category) => {
      const category = await getCategory(req);
      res.render('categories/form', { ...page, category, values: typedName(req), taken });
    };
    await saveForm(req, res, {
      parse: () => readForm(renameForm, req.body, req.t),
      save: (renaming) =>
        catalogue.transactOnce(user, req.writeId(), (trx) => renameCategory(trx, id, renaming, user)),
      show,
      refusals: { category_name_taken: (refusal) => show(...besideName(req, refusal)) },
      done: (_saved, input) => finish(req, res, 'categories.renamed', input.name),
    });
  });

  router.get('/categories/:id/merge', async (req, res) => {
    const { into } = req.query;
    if (into === undefined) return showMerge(req, res, NO_PROBLEM);
    const chosen = readForm(mergeForm, req.query, req.t);
    if (chosen.ok) return showMerge(req, res, NO_PROBLEM, chosen.data.into);
    res.status(422);
    await showMerge(req, res, { ...NO_PROBLEM, errors: { into: req.t('categories.errors.target') } });
  });

  router.post('/categories/:id/merge', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readForm(mergeForm, req.body, req.t),
      save: ({ into }) =>
        catalogue.transactOnce(user, req.writeId(), (trx) => startMerge(trx, id, into, user)),
      show: (page) => {
        const into = productId.safeParse((req.body as { into?: unknown } | undefined)?.into).data;
        return showMerge(req, res, page, page.errors.into ? undefined : into);
      },
      done: (target) => {
        jobs.wakeOutbox();
        finish(req, res, 'categories.mergeBegun', target.name);
      },
    });
  });

  router.get('/categories/:id/delete', async (req, res) => {
    await showDelete(req, res, { isRefused: false });
  });

  router.post('/categories/:id/delete', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => ({ ok: true, data: {} }),
      save: () => catalogue.transactOnce(user, req.writeId(), (trx) => deleteCategory(trx, id, user)),
      show: (page) => showDelete(req, res, { isRefused: false, ...page }),
      refusals: { category_not_empty: () => showDelete(req, res, { isRefused: true }) },
      done: (deleted) => finish(req, res, 'categories.deleted', deleted.name),
    });
  });

  async function showList(req: Request, res: Response, page: NamePage): Promise<void> {
    const query = listQuery.parse(req.query);
    const list = await catalogue.readReplica(req.principal!, (db) => listCategoryPage(db, query));
    res.render('categories/list', { taken: undefined, ...page, ...query, ...list });
  }

  async function showMerge(req: Request, res: Response, page: FormPage, into?: number): Promise<void> {
    const id = readId(req);
    const found = await catalogue.readReplica(req.principal!, async (db) => {
      const source = await getListedCategory(db, id);
      const targets = into === undefined ? await listTargets(db, id) : [];
      return { source, targets, target: into === undefined ? undefined : await getListedCategory(db, into) };
    });
    const { source, target } = found;
    if (target && target.id !== source.id) return res.render('categories/merge', { ...page, source, target });
    const errors = target ? { into: req.t('categories.errors.target') } : page.errors;
    res.render('categories/choose', { ...page, ...found, errors });
  }

  async function showDelete(
    req: Request,
    res: Response,
    page: Partial<FormPage> & { isRefused: boolean },
  ): Promise<void> {
    const category = await getCategory(req);
    res.render('categories/delete', { ...NO_PROBLEM, ...page, category });
  }

  async function getCategory(req: Request) {
    const id = readId(req);
    return catalogue.readReplica(req.principal!, (db) => getListedCategory(db, id));
  }

  return router;
}

function finish(req: Request, res: Response, textKey: Flash['textKey'], categoryName: string): void {
  leaveFlash(req, res, { textKey, productName: categoryName });
  res.redirect(303, '/categories');
}

function besideName(req: Request, refusal: DomainError): [FormPage, Category] {
  const { textKey, values, details } = refusal;
  return [{ ...NO_PROBLEM, errors: { name: req.t(textKey, values) } }, details as Category];
}

function typedName(req: Request): { name: string } {
  const { name } = (req.body ?? {}) as { name?: unknown };
  return { name: typeof name === 'string' ? name : '' };
}

function readId(req: Request): number {
  const id = productId.safeParse(req.params.id);
  if (!id.success) throw new CategoryNotFoundError();
  return id.data;
}
