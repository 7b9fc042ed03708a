import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { isAdmitted } from '../auth/access.ts';
import { ROUTE_PERMISSIONS } from '../auth/route-permissions.ts';
import type { Databases } from '../database/databases.ts';
import type { FromJson } from '../database/run-once.ts';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import { Usernames } from '../directory/usernames.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { HttpError } from '../http/http-error.ts';
import { localPath } from '../http/local-path.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { listStockMovements } from '../stock/movement-history.ts';
import { listCategories } from './category-queries.ts';
import type { Product, SavedProduct } from './product.ts';
import { FORM_FIELDS, OTHER_CATEGORY, PRODUCT_FIELDS } from './product-fields.ts';
import {
  initialValues,
  openedWith,
  productId,
  readAsTyped,
  readOpened,
  readProductEdit,
  readProductForm,
  valuesOf,
  type OpenedValues,
  type ProductFormValues,
} from './product-form.ts';
import { mergeEdit, type ProductEdit } from './product-merge.ts';
import { ProductNotFoundError, type Deletion } from './product-errors.ts';
import {
  createProduct,
  deleteProduct,
  findDeletedProduct,
  findDeletion,
  findProduct,
  restoreAndUpdate,
  restoreProduct,
  updateProduct,
  type SavedEdit,
} from './product-queries.ts';
import type { SavedChange } from './saved-changes.ts';
import { notesOf, tellChanges, tellDeletion, type ToldChange, type ToldDeletion } from './change-texts.ts';
import { forgetDeletion, rememberDeletion } from './undo-cookies.ts';

const MOVEMENTS_PER_PAGE = 25;

export function productRoutes(databases: Databases): Router {
  const router = Router();
  const usernames = new Usernames(databases.directory);

  router.get('/products/new', async (req, res) => {
    await renderForm(req, res, { values: initialValues(req.t) });
  });

  router.post('/products', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: () => readProductForm(req.body, req.t),
      save: (input) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => createProduct(trx, input, user)),
      show: (page) => renderForm(req, res, page),
      done: (id, { name }) => {
        leaveFlash(req, res, { textKey: 'product.registered', productName: name });
        res.redirect(303, `/products/${id}`);
      },
    });
  });

  router.get('/products/:id', async (req, res) => {
    const id = readId(req);
    const before = z.coerce.number().int().positive().optional().catch(undefined).parse(req.query.before);
    const [product, movements] = await databases.catalogue.readReplica(req.principal!, (db) =>
      Promise.all([
        findProduct(db, id),
        listStockMovements(db, id, { limit: MOVEMENTS_PER_PAGE + 1, before }),
      ]),
    );
    if (!product) throw new ProductNotFoundError();
    const shown = movements.slice(0, MOVEMENTS_PER_PAGE);
    const users = shown.flatMap(({ actorKind, actorId }) => (actorKind === 'user' ? (actorId ?? []) : []));
    const names = await usernames.find(req.principal!, users);
    res.render('products/show', {
      product,
      fields: PRODUCT_FIELDS,
      movements: shown.map((movement) => ({
        ...movement,
        username: movement.actorKind === 'user' ? names.get(movement.actorId ?? 0) : undefined,
      })),
      hasOlder: movements.length > MOVEMENTS_PER_PAGE,
      before,
    });
  });

  router.get('/products/:id/edit', async (req, res) => {
    const id = readId(req);
    const [product, deleted] = await databases.catalogue.readReplica(req.principal!, async (db) => {
      const found = await findProduct(db, id);
      return [found, found ? undefined : await findDeletedProduct(db, id)] as const;
    });
    const shown = product ?? deleted;
    if (!shown) throw new ProductNotFoundError();
    // Whoever was logged out while restoring comes back here.
    const deletion = deleted && (await findToldDeletion(req, id));
    if (deletion) res.status(410);
    await renderForm(req, res, {
      id,
      deletion,
      version: shown.version,
      values: valuesOf(shown),
      opened: openedWith(shown),
    });
  });

  router.post('/products/:id', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readProductEdit(req.body, req.t),
      save: (edit) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => updateProduct(trx, id, edit, user)),
      show: (page) => renderForm(req, res, { ...page, id }),
      refusals: editRefusals(req, res, id),
      done: (saved) => finishEdit(req, res, { id, saved, textKey: 'product.saved' }),
    });
  });

  router.post('/products/:id/restore-and-save', async (req, res) => {
    const user = req.principal!;
    if (!isAdmitted(user, ROUTE_PERMISSIONS['POST /products/:id']))
      throw new HttpError(403, 'errors.notAllowed');
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readProductEdit(req.body, req.t),
      save: (edit) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => restoreAndUpdate(trx, id, edit, user)),
      show: async (page) => {
        return renderForm(req, res, { ...page, id, deletion: await findToldDeletion(req, id) });
      },
      refusals: editRefusals(req, res, id, { isDeleted: true }),
      done: (saved) => {
        forgetDeletion(req, res, id);
        return finishEdit(req, res, { id, saved, textKey: 'product.restoredAndSaved' });
      },
    });
  });

  router.get('/products/:id/delete', async (req, res) => {
    res.render('products/delete', {
      product: await getProduct(req),
      returnTo: localPath(req.query.return),
    });
  });

  router.post('/products/:id/delete', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const { name } = await databases.catalogue.transactOnce(user, req.writeId(), (trx) =>
      deleteProduct(trx, id, user),
    );
    rememberDeletion(req, res, { id, name });
    res.redirect(303, returnAddress(req));
  });

  router.post('/products/:id/restore', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    try {
      await databases.catalogue.transactOnce(user, req.writeId(), (trx) => restoreProduct(trx, id, user));
    } catch (error) {
      if (isDomainError(error, 'restore_too_late')) forgetDeletion(req, res, id);
      throw error;
    }
    forgetDeletion(req, res, id);
    leaveFlash(req, res, { textKey: 'product.restored' });
    res.redirect(303, returnAddress(req));
  });

  router.post('/products/:id/keep-deleted', (req, res) => {
    forgetDeletion(req, res, readId(req));
    res.redirect(303, returnAddress(req));
  });

  async function finishEdit(
    req: Request,
    res: Response,
    { id, saved, textKey }: { id: number; saved: FromJson<SavedEdit>; textKey: Flash['textKey'] },
  ): Promise<void> {
    const notes = notesOf(req, await tellChanges(databases, req, saved.taken));
    leaveFlash(req, res, { textKey, productName: saved.name, notes });
    res.redirect(303, `/products/${id}`);
  }

  function editRefusals(req: Request, res: Response, id: number, { isDeleted = false } = {}) {
    return {
      version_conflict: async ({ details }: DomainError, edit: ProductEdit) => {
        const { current, disputed, taken } = details as FromJson<{
          current: SavedProduct;
          disputed: SavedChange[];
          taken: SavedChange[];
        }>;
        const deletion = isDeleted ? await findToldDeletion(req, id) : undefined;
        const isDisputed = (key: string) =>
          disputed.some(({ field }) => field === key || (field === 'category' && key === 'newCategory'));
        // Fields that are not in dispute go on from what is saved now.
        const rebased = (saved: object, typed: object) =>
          Object.fromEntries([
            ...Object.entries(saved).filter(([key]) => !isDisputed(key)),
            ...Object.entries(typed).filter(([key]) => isDisputed(key)),
          ]) as object;
        await renderForm(req, res, {
          id,
          deletion,
          values: rebased(
            valuesOf(mergeEdit(current, edit).merged),
            readAsTyped(req.body),
          ) as ProductFormValues,
          opened: rebased(openedWith(current), readOpened(req.body)),
          taken: await tellChanges(databases, req, taken),
          disputed: (await tellChanges(databases, req, disputed)).map((change) => ({
            ...change,
            mine: String(edit.input[change.field]),
          })),
        });
      },
      product_deleted: async ({ details }: DomainError) => {
        const deletion = await tellDeletion(databases, req, details as FromJson<Deletion>);
        await renderForm(req, res, { id, deletion });
      },
    };
  }

  async function findToldDeletion(req: Request, id: number): Promise<ToldDeletion | undefined> {
    const deletion = await databases.catalogue.readReplica(req.principal!, (db) => findDeletion(db, id));
    return deletion && tellDeletion(databases, req, deletion);
  }

  async function getProduct(req: Request): Promise<Product> {
    const id = readId(req);
    const product = await databases.catalogue.readReplica(req.principal!, (db) => findProduct(db, id));
    if (!product) throw new ProductNotFoundError();
    return product;
  }

  interface ProductFormPage extends Partial<FormPage> {
    /** Absent for a new product. */
    id?: number;
    values?: ProductFormValues;
    version?: number;
    /** What an edit started from. */
    opened?: OpenedValues;
    disputed?: (ToldChange & { mine: string })[];
    taken?: ToldChange[];
    deletion?: ToldDeletion | undefined;
  }

  async function renderForm(req: Request, res: Response, page: ProductFormPage): Promise<void> {
    const categories = await databases.catalogue.readReplica(req.principal!, listCategories);
    res.render('products/form', {
      id: undefined,
      values: readAsTyped(req.body),
      version: (req.body as { version?: string } | undefined)?.version,
      opened: readOpened(req.body),
      disputed: [],
      taken: [],
      deletion: undefined,
      ...NO_PROBLEM,
      ...page,
      categories,
      fields: FORM_FIELDS,
      otherCategory: OTHER_CATEGORY,
    });
  }

  return router;
}

function readId(req: Request): number {
  const id = productId.safeParse(req.params.id);
  if (!id.success) throw new ProductNotFoundError();
  return id.data;
}

function returnAddress(req: Request): string {
  return localPath((req.body as { return?: unknown } | undefined)?.return);
}
