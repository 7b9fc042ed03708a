import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { HttpError } from '../http/http-error.ts';
import { InsufficientStockError, MAX_QUANTITY } from '../stock/stock-movements.ts';
import { quantityField } from './field-rules.ts';
import { productId, versionField } from './product-form.ts';
import {
  adjustQuantity,
  ProductNotFoundError,
  setQuantity,
  VersionConflictError,
} from './product-queries.ts';

/** What was counted, having seen `version`; or what came in or went out, whatever there is by now. */
const quantityChange = z.union([
  z.object({ quantity: quantityField, version: versionField }),
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
    const id = productId.safeParse(req.params.id);
    if (!id.success) throw new HttpError(404, 'errors.productNotFound');
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
          ? adjustQuantity(trx, id.data, change.data.delta, user.id)
          : setQuantity(trx, id.data, change.data, user.id),
      );
      res.json(product);
    } catch (error) {
      if (error instanceof VersionConflictError) {
        res.status(409).json({ error: req.t('product.conflict'), current: error.details.current });
      } else if (error instanceof InsufficientStockError) {
        const problem = error.details.delta < 0 ? 'insufficient' : 'tooMany';
        res.status(422).json({ error: req.t(`product.errors.${problem}`) });
      } else if (error instanceof ProductNotFoundError) {
        throw new HttpError(404, 'errors.productNotFound');
      } else {
        throw error;
      }
    }
  });

  return router;
}
