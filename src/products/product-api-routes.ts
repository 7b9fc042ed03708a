import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { FromJson } from '../database/run-once.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { MAX_DECIMALS, MAX_QUANTITY } from '../stock/quantities.ts';
import { quantityField } from './field-rules.ts';
import type { Deletion } from './product-errors.ts';
import { readId } from './product-form-page.ts';
import { versionField } from './product-form.ts';
import { adjustQuantity, setQuantity } from './product-queries.ts';
import { tellDeletion } from './change-texts.ts';
import { unitProblem, withPlainNumber } from './typed-quantity.ts';
import { findUnitOf } from './unit-queries.ts';
import { viewableProduct } from './product.ts';

/** A count, with the version it replaces and perhaps the quantity it was opened with, or a signed change. */
const quantityChange = z.union([
  z.object({ quantity: quantityField, version: versionField, was: quantityField.optional() }),
  z.object({
    delta: z
      .number()
      .min(-MAX_QUANTITY)
      .max(MAX_QUANTITY)
      .refine((delta) => delta !== 0 && delta === Number(delta.toFixed(MAX_DECIMALS))),
  }),
]);

export function productApiRoutes(databases: Databases): Router {
  const router = Router();

  router.patch('/api/products/:id/quantity', async (req, res) => {
    const id = readId(req);
    const user = req.principal!;
    const body = withPlainNumber(req.body ?? {}, 'quantity', req.t);
    const change = quantityChange.safeParse(body);
    if (!change.success) {
      const typed = (body as { quantity?: unknown }).quantity;
      const unit = await databases.catalogue.readReplica(user, (db) => findUnitOf(db, id));
      const problem = unitProblem({ field: 'quantity', rule: quantityField, typed }, unit, req.t);
      res.status(422).json({ error: problem ?? req.t('product.errors.version') });
      return;
    }
    try {
      const product = await databases.catalogue.transactOnce(user, req.writeId(), (trx) =>
        'delta' in change.data
          ? adjustQuantity(trx, id, change.data.delta, user)
          : setQuantity(trx, id, change.data, user),
      );
      res.json(viewableProduct(product, user.permissions));
    } catch (error) {
      if (!isDomainError(error, 'product_deleted')) throw error;
      const { text } = await tellDeletion(databases, req, error.details as FromJson<Deletion>);
      res.status(error.status).json({ error: text });
    }
  });

  return router;
}
