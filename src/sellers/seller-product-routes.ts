import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { FromJson } from '../database/run-once.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { HttpError } from '../http/http-error.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import type { UploadForm } from '../http/upload.ts';
import { PhotoGoneError } from '../photos/photo-errors.ts';
import { MAX_PHOTO_BYTES, MAX_PHOTOS, photoFile, readPhotoFile, WIDTHS } from '../photos/photo.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { readPhotos } from '../photos/read-photos.ts';
import { hasIsbn } from '../products/barcodes.ts';
import { listChoices, type ChoiceKind } from '../products/book-choices.ts';
import { listCategories } from '../products/category-queries.ts';
import { shownText } from '../products/field-texts.ts';
import { addPhotos, makePhotoFirst, removePhoto } from '../products/photo-changes.ts';
import type { TakenBarcode } from '../products/product-errors.ts';
import { readId } from '../products/product-form-page.ts';
import {
  initialValues,
  openedWith,
  readAsTyped,
  readOpened,
  valuesOf,
  type OpenedValues,
  type ProductFormValues,
} from '../products/product-form.ts';
import { mergeEdit, type ProductEdit } from '../products/product-merge.ts';
import { updateProduct } from '../products/product-queries.ts';
import type { SavedProduct } from '../products/product.ts';
import type { SavedChange } from '../products/saved-changes.ts';
import { plainUnit, unitWord } from '../products/unit-queries.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import { productSlug } from '../shop/slugs.ts';
import { readSellerEdit, readSellerProduct, SELLER_FIELDS, SELLER_UNIT } from './seller-product-form.ts';
import {
  getOwnProduct,
  isOwnPhoto,
  listOwnProducts,
  newSellerCode,
  publishProduct,
  type OwnProduct,
} from './seller-product-queries.ts';
import { changeAsSeller, readAsSeller } from './seller-queries.ts';
import { countToShip } from './seller-order-queries.ts';

const SAVED = ['published', 'saved', 'short', 'photos', 'photoRemoved', 'photoFirst'] as const;
const pageQuery = z.object({ saved: z.enum(SAVED).optional().catch(undefined) });
const listQuery = z.object({
  q: z
    .string()
    .transform((typed) => typed.toWellFormed().normalize('NFC').trim().slice(0, 100))
    .catch(''),
  before: z.coerce.number().int().positive().max(4_294_967_295).optional().catch(undefined),
});
const photoChange = z.object({ change: z.enum(['first', 'remove']) });

/** One more file than are accepted, so that a ninth is noticed. */
export const SELLER_PHOTO_FORM: UploadForm = {
  path: /^\/(?:tienda\/cuenta\/vender\/productos\/\d+\/fotos|shop\/account\/sell\/products\/\d+\/photos)$/i,
  files: MAX_PHOTOS + 1,
  fileBytes: MAX_PHOTO_BYTES,
};

interface ProductPage extends Partial<FormPage> {
  values?: ProductFormValues;
  opened?: OpenedValues;
  version?: number | undefined;
  /** What someone else has saved meanwhile, in words. */
  changed?: { field: string; text: string }[];
}

export function sellerProductRoutes({ catalogue }: Databases, store: PhotoStore): Router {
  const router = Router();
  const uploadSlot = limited(new Semaphore(), 'photos.errors.tooManyUploads');

  for (const path of routesOf('sellProducts')) {
    router.get(path, async (req, res) => {
      const { q, before } = listQuery.parse(req.query);
      const page = await readAsSeller(catalogue, req, async (db, { id }) => ({
        ...(await listOwnProducts(db, id, { search: q, before })),
        toShip: await countToShip(db, id),
      }));
      res.render('shop/sell/products', { ...page, q, before, photoPath: photoPathIn(req) });
    });

    router.post(path, async (req, res) => {
      const categories = await readCategories(req);
      const reading = { t: req.t, categories, code: newSellerCode(), unit: plainUnit(SELLER_UNIT) };
      await saveForm(req, res, {
        parse: () => readSellerProduct(req.body, reading),
        save: (product) =>
          changeAsSeller(catalogue, req, (trx, { id }) => publishProduct(trx, id, product, actorOf(req))),
        show: (page) => show(req, res, undefined, page),
        refusals: {
          barcode_taken: (refusal) => show(req, res, undefined, { errors: takenBarcode(refusal, req) }),
        },
        done: (id) => toProductPage(req, res, id, 'published'),
      });
    });
  }

  for (const path of routesOf('newSellProduct')) {
    router.get(path, (req, res) => {
      const values = { ...initialValues(req.t), quantity: '1', onSale: 'yes' };
      return show(req, res, undefined, { values });
    });
  }

  for (const path of routesOf('sellProduct')) {
    router.get(path, (req, res) => showOwn(req, res));

    router.post(path, async (req, res) => {
      const own = await readOwn(req);
      const categories = await readCategories(req);
      const reading = { t: req.t, categories, code: own.product.code, unit: own.unit };
      const { id } = own.product;
      await saveForm(req, res, {
        parse: () => readSellerEdit(req.body, reading),
        save: (edit) =>
          changeAsSeller(catalogue, req, (trx, seller) =>
            updateProduct(trx, id, edit, actorOf(req), seller.id),
          ),
        show: (page) => show(req, res, own, page),
        refusals: {
          barcode_taken: (refusal) => show(req, res, own, { errors: takenBarcode(refusal, req) }),
          version_conflict: (refusal, edit) => showConflict(req, res, own, { refusal, edit }),
        },
        done: ({ shortOrders }) => toProductPage(req, res, id, shortOrders.length > 0 ? 'short' : 'saved'),
      });
    });
  }

  for (const path of routesOf('sellPhotos')) {
    router.get(path, (req, res) => toProductPage(req, res, readId(req)));

    router.post(path, uploadSlot, async (req, res) => {
      // Before the files are read, which takes a processor.
      const own = await readOwn(req);
      const { id } = own.product;
      await saveForm(req, res, {
        parse: async () => ({ ok: true, data: await readPhotos(req) }),
        save: ({ photos, digest }) =>
          changeAsSeller(
            catalogue,
            req,
            (trx, seller) => addPhotos(trx, store, { id, photos }, actorOf(req), seller.id),
            { photos: digest },
          ),
        show: (page) => showOwn(req, res, page),
        done: () => toProductPage(req, res, id, 'photos'),
      });
    });
  }

  for (const path of routesOf('sellPhoto')) {
    router.get(path, (req, res) => toProductPage(req, res, readId(req)));

    router.post(path, async (req, res) => {
      const id = readId(req);
      const photo = readPhotoId(req);
      const { success, data } = photoChange.safeParse(req.body ?? {});
      if (!success) throw new HttpError(400, 'errors.badRequest');
      const isRemoved = data.change === 'remove';
      await saveForm(req, res, {
        parse: () => ({ ok: true, data: undefined }),
        save: () =>
          changeAsSeller(catalogue, req, (trx, seller) =>
            isRemoved
              ? removePhoto(trx, id, photo, actorOf(req), seller.id)
              : makePhotoFirst(trx, id, photo, seller.id),
          ),
        show: (page) => showOwn(req, res, page),
        done: () => toProductPage(req, res, id, isRemoved ? 'photoRemoved' : 'photoFirst'),
      });
    });
  }

  for (const path of routesOf('sellPhotoFile')) {
    router.get(path, async (req, res) => {
      const { file } = req.params as { file: string };
      const photo = readPhotoFile(file);
      if (!photo) throw new HttpError(404, 'errors.notFound');
      const isOwn = await readAsSeller(catalogue, req, (db, { id }) => isOwnPhoto(db, id, photo.id));
      const data = isOwn ? await store.find(req.customer, photo.id, photo.width) : undefined;
      if (!data) throw new HttpError(404, 'errors.notFound');
      res.set('Cache-Control', 'private, max-age=86400').type('webp').send(data);
    });
  }

  function readOwn(req: Request): Promise<OwnProduct> {
    const id = readId(req);
    return readAsSeller(catalogue, req, (db, seller) => getOwnProduct(db, seller.id, id));
  }

  function readCategories(req: Request): Promise<string[]> {
    return readAsSeller(catalogue, req, (db) => listCategories(db, { toSave: true }));
  }

  async function showOwn(req: Request, res: Response, page: ProductPage = {}): Promise<void> {
    const own = await readOwn(req);
    const { product } = own;
    await show(req, res, own, {
      values: valuesOf(product, req.language),
      opened: openedWith(product, req.language),
      version: product.version,
      ...page,
    });
  }

  /** @param own undefined for a new one */
  async function show(
    req: Request,
    res: Response,
    own: OwnProduct | undefined,
    page: ProductPage,
  ): Promise<void> {
    // The header of the shop has `categories` of its own.
    const choices = { categories: await readCategories(req) };
    const { values = readAsTyped(req.body) } = page;
    const typedVersion = (req.body as { version?: string } | undefined)?.version;
    res.render('shop/sell/product', {
      ...NO_PROBLEM,
      ...{ opened: readOpened(req.body), version: typedVersion, changed: [] },
      ...page,
      ...{ own, values, choices, saved: pageQuery.parse(req.query).saved },
      hasIsbn: hasIsbn(values.barcodes),
      fields: SELLER_FIELDS,
      listChoices: (kind: ChoiceKind) => listChoices(kind, req.language),
      photoPath: photoPathIn(req),
      photoLimits: { maximum: MAX_PHOTOS, megabytes: MAX_PHOTO_BYTES / 1024 / 1024 },
      offeredPath: own?.isOffered
        ? pathOf(req.language, 'product', { product: productSlug(own.product) })
        : undefined,
      unitWord,
    });
  }

  /** Shows what others have saved in the same fields; saving again puts what was typed in its place. */
  async function showConflict(
    req: Request,
    res: Response,
    own: OwnProduct,
    { refusal, edit }: { refusal: DomainError; edit: ProductEdit },
  ): Promise<void> {
    const { current, disputed } = refusal.details as FromJson<{
      current: SavedProduct;
      disputed: SavedChange[];
    }>;
    const typed = readAsTyped(req.body);
    const kept = Object.fromEntries(disputed.map(({ field }) => [field, typed[field]]));
    await show(req, res, own, {
      values: { ...valuesOf(mergeEdit(current, edit).merged, req.language), ...kept },
      opened: openedWith(current, req.language),
      version: current.version,
      changed: disputed.map(({ field }) => ({
        field: req.t(`columns.${field}`),
        text: shownText(field, current[field], req.language) || '—',
      })),
    });
  }

  return router;
}

function actorOf({ customer }: Request) {
  return { kind: 'customer', id: customer.id } as const;
}

/** Without the name of the other product, which may be someone else's. */
function takenBarcode({ details }: DomainError, { t }: Request): Record<string, string> {
  const { barcode } = details as TakenBarcode;
  return { barcodes: t('sellers.errors.barcodeTaken', { barcode }) };
}

function photoPathIn({ language }: Request) {
  return (photo: Buffer) => pathOf(language, 'sellPhotoFile', { file: photoFile(photo, WIDTHS.page) });
}

function toProductPage(req: Request, res: Response, id: number, saved?: (typeof SAVED)[number]): void {
  const path = pathOf(req.language, 'sellProduct', { id: String(id) });
  res.redirect(303, saved ? `${path}?saved=${saved}` : path);
}

/** @throws PhotoGoneError */
function readPhotoId({ params }: Request): Buffer {
  const text = String(params.photo);
  if (!/^[0-9a-f]{64}$/.test(text)) throw new PhotoGoneError();
  return Buffer.from(text, 'hex');
}
