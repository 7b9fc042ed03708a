import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { Usernames } from '../directory/usernames.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { leaveFlash } from '../http/flash.ts';
import { localPath } from '../http/local-path.ts';
import { saveForm } from '../http/save-form.ts';
import { listStockMovements } from '../stock/movement-history.ts';
import { deleteProduct, restoreProduct } from './deleted-product-queries.ts';
import { ProductNotFoundError } from './product-errors.ts';
import { PRODUCT_FIELDS } from './product-fields.ts';
import { readId, renderForm } from './product-form-page.ts';
import { initialValues, readNewProduct } from './product-form.ts';
import { createProduct, findProduct } from './product-queries.ts';
import type { Product } from './product.ts';
import { forgetDeletion, rememberDeletion } from './undo-cookies.ts';

const MOVEMENTS_PER_PAGE = 25;

export function productRoutes(databases: Databases): Router {
  const router = Router();
  const usernames = new Usernames(databases.directory);

  router.get('/products/new', async (req, res) => {
    await renderForm(databases, req, res, { values: initialValues(req.t) });
  });

  router.post('/products', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: () => readNewProduct(req.body, req.t),
      save: (input) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => createProduct(trx, input, user)),
      show: (page) => renderForm(databases, req, res, page),
      done: (id, { input }) => {
        leaveFlash(req, res, { textKey: 'product.registered', productName: input.name });
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

  async function getProduct(req: Request): Promise<Product> {
    const id = readId(req);
    const product = await databases.catalogue.readReplica(req.principal!, (db) => findProduct(db, id));
    if (!product) throw new ProductNotFoundError();
    return product;
  }

  return router;
}

function returnAddress(req: Request): string {
  return localPath((req.body as { return?: unknown } | undefined)?.return);
}
