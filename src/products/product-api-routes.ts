import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { FromJson } from '../database/run-once.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { MAX_QUANTITY } from '../stock/stock-movements.ts';
import { quantityField } from './field-rules.ts';
import type { Deletion } from './product-errors.ts';
import { readId } from './product-form-page.ts';
import { versionField } from './product-form.ts';
import { adjustQuantity, setQuantity } from './product-queries.ts';
import { tellDeletion } from './change-texts.ts';
import { viewableProduct } from './product.ts';

/** A count, with the version it replaces and perhaps the quantity it was opened with, or a signed change. */
const quantityChange = z.union([
  z.object({ quantity: quantityField, version: versionField, was: quantityField.optional() }),
  z.object({
    delta: z
      .number()
      .int()
      .min(-MAX_QUANTITY)
      .max(MAX_QUANTITY)
      .refine((delta) => delta !== 0),
  }),
]);

export function productApiRoutes(databases: Databases): Router {
  const router = Router();

  router.patch('/api/products/:id/quantity', async (req, res) => {
    const id = readId(req);
    const change = quantityChange.safeParse(req.body ?? {});
    if (!change.success) {
      const typed: unknown = (req.body as { quantity?: unknown } | undefined)?.quantity;
      const problem = quantityField.safeParse(typed).error?.issues[0]?.message ?? 'product.errors.version';
      res.status(422).json({ error: req.t(problem, { maximum: MAX_QUANTITY }) });
      return;
    }
    const user = req.principal!;
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
