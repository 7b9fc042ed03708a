import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { Usernames } from '../directory/usernames.ts';
import { leaveFlash } from '../http/flash.ts';
import { HttpError } from '../http/http-error.ts';
import { localPath } from '../http/local-path.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { listStockMovements } from '../stock/movement-history.ts';
import { listCategories } from './category-queries.ts';
import type { Product, SavedProduct } from './product.ts';
import {
  differingFields,
  FORM_FIELDS,
  OTHER_CATEGORY,
  PRODUCT_FIELDS,
  type ProductInput,
} from './product-fields.ts';
import {
  initialValues,
  productId,
  readAsTyped,
  readProductForm,
  valuesOf,
  versionField,
  type ProductFormValues,
} from './product-form.ts';
import {
  createProduct,
  deleteProduct,
  findProduct,
  ProductNotFoundError,
  restoreProduct,
  updateProduct,
} from './product-queries.ts';

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
    const product = await getProduct(req);
    await renderForm(req, res, { product, values: valuesOf(product) });
  });

  router.post('/products/:id', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const version = versionField.safeParse((req.body as { version?: unknown } | undefined)?.version);
    if (!version.success) throw new HttpError(400, 'errors.badRequest');
    await saveForm(req, res, {
      parse: () => readProductForm(req.body, req.t),
      save: (input) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) =>
          updateProduct(trx, id, version.data, input, user),
        ),
      show: async (page) => renderForm(req, res, { ...page, product: await getProduct(req) }),
      showConflict: ({ details }, conflict) => {
        const { current: product } = details as { current: SavedProduct };
        return renderForm(req, res, { product, conflict });
      },
      done: (_saved, { name }) => {
        leaveFlash(req, res, { textKey: 'product.saved', productName: name });
        res.redirect(303, `/products/${id}`);
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
    leaveFlash(req, res, { textKey: 'product.deleted', productName: name, undoId: id });
    res.redirect(303, returnAddress(req));
  });

  router.post('/products/:id/restore', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await databases.catalogue.transactOnce(user, req.writeId(), (trx) => restoreProduct(trx, id, user));
    leaveFlash(req, res, { textKey: 'product.restored' });
    res.redirect(303, returnAddress(req));
  });

  async function getProduct(req: Request): Promise<Product> {
    const id = readId(req);
    const product = await databases.catalogue.readReplica(req.principal!, (db) => findProduct(db, id));
    if (!product) throw new ProductNotFoundError();
    return product;
  }

  interface ProductFormPage extends Partial<FormPage> {
    product?: SavedProduct;
    values?: ProductFormValues;
    /** The rejected edit of a version conflict, shown beside the saved values. */
    conflict?: ProductInput;
  }

  async function renderForm(req: Request, res: Response, page: ProductFormPage): Promise<void> {
    const { product, values = readAsTyped(req.body), conflict, ...problem } = page;
    const categories = await databases.catalogue.readReplica(req.principal!, listCategories);
    res.render('products/form', {
      product,
      values,
      ...NO_PROBLEM,
      ...problem,
      conflicts: conflict && product ? differingValues(product, conflict) : undefined,
      version: conflict
        ? product?.version
        : ((req.body as { version?: string } | undefined)?.version ?? product?.version),
      categories,
      fields: FORM_FIELDS,
      otherCategory: OTHER_CATEGORY,
    });
  }

  return router;
}

function differingValues(saved: SavedProduct, edit: ProductInput) {
  return Object.fromEntries(differingFields(saved, edit).map((field) => [field, String(saved[field])]));
}

function readId(req: Request): number {
  const id = productId.safeParse(req.params.id);
  if (!id.success) throw new ProductNotFoundError();
  return id.data;
}

function returnAddress(req: Request): string {
  return localPath((req.body as { return?: unknown } | undefined)?.return);
}
