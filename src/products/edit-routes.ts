import { Router, type Request, type Response } from 'express';
import { isAdmitted } from '../auth/access.ts';
import { ROUTE_PERMISSIONS } from '../auth/route-permissions.ts';
import type { Databases } from '../database/databases.ts';
import type { FromJson } from '../database/run-once.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { HttpError } from '../http/http-error.ts';
import { saveForm } from '../http/save-form.ts';
import { notesOf, shortNotes, tellChanges, tellDeletion, type ToldDeletion } from './change-texts.ts';
import { findDeletedProduct, restoreAndUpdate } from './deleted-product-queries.ts';
import { findDeletion } from './deletions.ts';
import { shownText } from './field-texts.ts';
import { ProductNotFoundError, type Deletion } from './product-errors.ts';
import { findTypedUnit, readId, renderForm, takenBarcodePage } from './product-form-page.ts';
import {
  openedWith,
  readAsTyped,
  readOpened,
  readProductEdit,
  valuesOf,
  type ProductFormValues,
} from './product-form.ts';
import { mergeEdit, type ProductEdit } from './product-merge.ts';
import { findProduct, updateProduct, type SavedEdit } from './product-queries.ts';
import type { SavedProduct } from './product.ts';
import type { SavedChange } from './saved-changes.ts';
import { forgetDeletion } from './undo-cookies.ts';

export function editRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/products/:id/edit', async (req, res) => {
    const id = readId(req);
    const [product, deleted] = await databases.catalogue.readReplica(req.principal!, async (db) => {
      const found = await findProduct(db, id);
      return [found, found ? undefined : await findDeletedProduct(db, id)] as const;
    });
    const shown = product ?? deleted;
    if (!shown) throw new ProductNotFoundError();
    // A user who was logged out while restoring comes back here.
    const deletion = deleted && (await findToldDeletion(req, id));
    if (deletion) res.status(410);
    await renderForm(databases, req, res, {
      id,
      deletion,
      version: shown.version,
      values: valuesOf(shown, req.language),
      opened: openedWith(shown, req.language),
    });
  });

  router.post('/products/:id', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: async () => readProductEdit(req.body, req.t, await findTypedUnit(databases, req)),
      save: (edit) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => updateProduct(trx, id, edit, user)),
      show: (page) => renderForm(databases, req, res, { ...page, id }),
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
      parse: async () => readProductEdit(req.body, req.t, await findTypedUnit(databases, req)),
      save: (edit) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => restoreAndUpdate(trx, id, edit, user)),
      show: async (page) => {
        return renderForm(databases, req, res, { ...page, id, deletion: await findToldDeletion(req, id) });
      },
      refusals: editRefusals(req, res, id, { isDeleted: true }),
      done: (saved) => {
        forgetDeletion(req, res, id);
        return finishEdit(req, res, { id, saved, textKey: 'product.restoredAndSaved' });
      },
    });
  });

  async function finishEdit(
    req: Request,
    res: Response,
    { id, saved, textKey }: { id: number; saved: FromJson<SavedEdit>; textKey: Flash['textKey'] },
  ): Promise<void> {
    const changes = notesOf(req, await tellChanges(databases, req, saved.taken));
    const notes = [...changes.slice(0, 9), ...shortNotes(saved.shortOrders, req.t)];
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
        await renderForm(databases, req, res, {
          id,
          deletion,
          values: rebased(
            valuesOf(mergeEdit(current, edit).merged, req.language),
            readAsTyped(req.body),
          ) as ProductFormValues,
          opened: rebased(openedWith(current, req.language), readOpened(req.body)),
          taken: await tellChanges(databases, req, taken),
          disputed: (await tellChanges(databases, req, disputed)).map((change) => ({
            ...change,
            mine: shownText(change.field, edit.input[change.field], req.language),
          })),
        });
      },
      barcode_taken: async (refusal: DomainError) => {
        const deletion = isDeleted ? await findToldDeletion(req, id) : undefined;
        await renderForm(databases, req, res, { ...takenBarcodePage(refusal, req), id, deletion });
      },
      product_deleted: async ({ details }: DomainError) => {
        const deletion = await tellDeletion(databases, req, details as FromJson<Deletion>);
        await renderForm(databases, req, res, { id, deletion });
      },
    };
  }

  async function findToldDeletion(req: Request, id: number): Promise<ToldDeletion | undefined> {
    const deletion = await databases.catalogue.readReplica(req.principal!, (db) => findDeletion(db, id));
    return deletion && tellDeletion(databases, req, deletion);
  }

  return router;
}
