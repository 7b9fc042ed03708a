import { Router, type Request, type Response } from 'express';
import type { Databases } from '../database/databases.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { saveForm, type FormPage } from '../http/save-form.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import type { UploadForm } from '../http/upload.ts';
import { MAX_PHOTO_BYTES, MAX_PHOTOS } from '../photos/photo.ts';
import { PhotoGoneError } from '../photos/photo-errors.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { readPhotos } from '../photos/read-photos.ts';
import { addPhotos, makePhotoFirst, removePhoto } from './photo-changes.ts';
import { ProductNotFoundError } from './product-errors.ts';
import { readId } from './product-form-page.ts';
import { findProductOnPage } from './product-queries.ts';

/** One more file than are accepted, so that a ninth is noticed. */
export const PHOTO_FORM: UploadForm = {
  path: /^\/products\/\d+\/photos$/,
  files: MAX_PHOTOS + 1,
  fileBytes: MAX_PHOTO_BYTES,
};

interface PhotoForms {
  databases: Databases;
  store: PhotoStore;
  show: (req: Request, res: Response, page: FormPage) => Promise<void>;
}

export function photoFormRoutes({ databases, store, show }: PhotoForms): Router {
  const router = Router();
  const uploadSlot = limited(new Semaphore(), 'photos.errors.tooManyUploads');

  router.post('/products/:id/photos', uploadSlot, async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    await saveForm(req, res, {
      parse: async () => ({ ok: true, data: await readPhotos(req) }),
      save: ({ photos, digest }) =>
        databases.catalogue.transactOnce(user, req.writeId({ photos: digest }), (trx) =>
          addPhotos(trx, store, { id, photos }, user),
        ),
      show: (page) => show(req, res, page),
      done: ({ name, count }) => {
        const textKey = count === 0 ? 'photos.present' : 'photos.added';
        leave(req, res, id, { textKey, productName: name });
      },
    });
  });

  router.get('/products/:id/photos/:photo/remove', async (req, res) => {
    const id = readId(req);
    const photo = readPhotoId(req);
    const found = await databases.catalogue.readReplica(req.principal!, (db) => findProductOnPage(db, id));
    if (!found) throw new ProductNotFoundError();
    if (!found.photos.some((other) => other.equals(photo))) throw new PhotoGoneError();
    res.render('products/remove-photo', { product: found.product, photo });
  });

  router.post('/products/:id/photos/:photo/remove', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const photo = readPhotoId(req);
    await saveForm(req, res, {
      parse: () => ({ ok: true, data: undefined }),
      save: () =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => removePhoto(trx, id, photo, user)),
      show: (page) => show(req, res, page),
      done: ({ name }) => leave(req, res, id, { textKey: 'photos.removed', productName: name }),
    });
  });

  router.post('/products/:id/photos/:photo/first', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const photo = readPhotoId(req);
    await saveForm(req, res, {
      parse: () => ({ ok: true, data: undefined }),
      save: () =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => makePhotoFirst(trx, id, photo)),
      show: (page) => show(req, res, page),
      done: ({ name }) => leave(req, res, id, { textKey: 'photos.madeFirst', productName: name }),
    });
  });

  return router;
}

function leave(req: Request, res: Response, id: number, flash: Flash): void {
  leaveFlash(req, res, flash);
  res.redirect(303, `/products/${id}`);
}

function readPhotoId({ params }: Request): Buffer {
  const text = String(params.photo);
  if (!/^[0-9a-f]{64}$/.test(text)) throw new PhotoGoneError();
  return Buffer.from(text, 'hex');
}
