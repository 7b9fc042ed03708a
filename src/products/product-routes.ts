import { Router, type Request, type Response } from 'express';
import type { TFunction } from 'i18next';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { Usernames } from '../directory/usernames.ts';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import { leaveFlash } from '../http/flash.ts';
import { localPath } from '../http/local-path.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { stockValue } from '../locales/money.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { MAX_PHOTO_BYTES, MAX_PHOTOS } from '../photos/photo.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { listStockMovements } from '../stock/movement-history.ts';
import { listPriceChanges, PRICED } from '../stock/price-history.ts';
import { DIRECTIONS, purposesOf, type Direction } from '../stock/movement-purposes.ts';
import { signed } from '../audit/audit-sentence.ts';
import { kindOf, splitBarcodes } from './barcodes.ts';
import { shortNotes } from './change-texts.ts';
import { deleteProduct, restoreProduct } from './deleted-product-queries.ts';
import { photoFormRoutes } from './photo-form-routes.ts';
import { readMoveForm, readMoveValues } from './move-form.ts';
import { shownText, type FieldValue } from './field-texts.ts';
import { ProductNotFoundError } from './product-errors.ts';
import { fieldOf, PRODUCT_FIELDS, type FieldKey } from './product-fields.ts';
import { findTypedUnit, readId, renderForm, takenBarcodePage } from './product-form-page.ts';
import { initialValues, productId, readNewProduct, valuesAfter, valuesOfCopy } from './product-form.ts';
import { adjustQuantity, createProduct, findProduct, findProductOnPage } from './product-queries.ts';
import { mayView, type Product } from './product.ts';
import { isWholeNumber } from './typed-quantity.ts';
import { forgetDeletion, rememberDeletion } from './undo-cookies.ts';
import { findUnit, findUnitOf, plainUnit, unitWord, type Unit } from './unit-queries.ts';

const MOVEMENTS_PER_PAGE = 25;
const PRICES_PER_PAGE = 10;

const position = z.coerce.number().int().positive().optional().catch(undefined);

/** A new product starts as a copy of one, or goes on after one that was just saved. */
const startOfNew = z.object({
  copy: productId.optional().catch(undefined),
  after: productId.optional().catch(undefined),
});

interface ProductPage extends Partial<FormPage> {
  move: Direction | undefined;
  refusal?: DomainError;
}

export function productRoutes(databases: Databases, store: PhotoStore): Router {
  const router = Router();
  const usernames = new Usernames(databases.directory);

  router.get('/products/new', async (req, res) => {
    const { copy, after } = startOfNew.parse(req.query);
    if (copy !== undefined) {
      const product = await getProduct(req, copy);
      const values = valuesOfCopy(product, req);
      return renderForm(databases, req, res, { values, copyOf: product.name });
    }
    const saved = after === undefined ? undefined : await find(req, after);
    const values = saved ? valuesAfter(saved, req) : initialValues(req.t);
    await renderForm(databases, req, res, { values });
  });

  router.post('/products', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: async () => readNewProduct(req.body, req.t, await findTypedUnit(databases, req)),
      save: (input) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => createProduct(trx, input, user)),
      show: (page) => renderForm(databases, req, res, page),
      refusals: {
        barcode_taken: (refusal) => renderForm(databases, req, res, takenBarcodePage(refusal, req)),
      },
      done: (id, { input: { name } }) => {
        const isAnotherWanted = (req.body as { next?: unknown }).next === 'another';
        const flash = { textKey: 'product.registered', productName: name } as const;
        leaveFlash(req, res, isAnotherWanted ? { ...flash, productId: id } : flash);
        res.redirect(303, isAnotherWanted ? `/products/new?after=${id}` : `/products/${id}`);
      },
    });
  });

  router.get('/products/:id', async (req, res) => {
    const { data: move } = z.enum(DIRECTIONS).safeParse(req.query.move);
    await showProduct(req, res, { move });
  });

  router.post('/products/:id/movements', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const move = z
      .enum(DIRECTIONS)
      .catch('in')
      .parse((req.body as { direction?: unknown } | undefined)?.direction);
    await saveForm(req, res, {
      parse: async () => readMoveForm(req.body, move, req.t, await findMovedUnit(req, id)),
      save: ({ delta, ...details }) =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) =>
          adjustQuantity(trx, id, delta, user, details),
        ),
      show: (page) => showProduct(req, res, { ...page, move }),
      refusals: {
        insufficient_stock: (refusal) => showProduct(req, res, { move, refusal }),
      },
      done: async ({ name, quantity, unit: code, shortOrders }, { delta }) => {
        const unit = unitWord(quantity, await getUnit(req, code));
        const saved = { delta: signed(delta, req.t), quantity: typedNumber(quantity, req.t), unit };
        leaveFlash(req, res, {
          textKey: 'product.moved',
          productName: name,
          notes: [req.t('movement.saved', saved), ...shortNotes(shortOrders, req.t)],
        });
        res.redirect(303, `/products/${id}`);
      },
    });
  });

  router.get('/products/:id/delete', async (req, res) => {
    const product = await getProduct(req, readId(req));
    res.render('products/delete', {
      product,
      unit: unitWord(product.quantity, await getUnit(req, product.unit)),
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

  const showPhotos = (req: Request, res: Response, page: FormPage) =>
    showProduct(req, res, { ...page, move: undefined });
  router.use(photoFormRoutes({ databases, store, show: showPhotos }));

  async function showProduct(
    req: Request,
    res: Response,
    { move, refusal, ...page }: ProductPage,
  ): Promise<void> {
    const id = readId(req);
    const before = position.parse(req.query.before);
    const pricesBefore = position.parse(req.query.pricesBefore);
    const { permissions } = req.principal!;
    const kinds = PRICED.filter((what) => mayView(fieldOf(what), permissions));
    const [found, movements, prices] = await databases.catalogue.readReplica(req.principal!, (db) =>
      Promise.all([
        findProductOnPage(db, id),
        listStockMovements(db, id, { limit: MOVEMENTS_PER_PAGE + 1, before }),
        listPriceChanges(db, id, { kinds, limit: PRICES_PER_PAGE + 1, before: pricesBefore }),
      ]),
    );
    if (!found) throw new ProductNotFoundError();
    const { product, unit, photos, seller } = found;
    const shown = movements.slice(0, MOVEMENTS_PER_PAGE);
    const shownPrices = prices.slice(0, PRICES_PER_PAGE);
    const users = [...shown, ...shownPrices].flatMap(({ actorKind, actorId }) =>
      actorKind === 'user' ? (actorId ?? []) : [],
    );
    const names = await usernames.find(req.principal!, users);
    const withName = <T extends { actorKind: string; actorId: number | null }>(change: T) => ({
      ...change,
      username: change.actorKind === 'user' ? names.get(change.actorId ?? 0) : undefined,
    });
    res.render('products/show', {
      ...NO_PROBLEM,
      ...page,
      ...(refusal && { errors: { amount: tellRefusal(refusal, product, unit, req.t) } }),
      product,
      seller,
      unit,
      unitWord,
      fields: PRODUCT_FIELDS.filter((field) => mayView(field, permissions)),
      photos,
      photoLimits: { maximum: MAX_PHOTOS, megabytes: MAX_PHOTO_BYTES / 1024 / 1024 },
      shownText: (key: FieldKey, value: FieldValue) => shownText(key, value, req.language),
      stockValues: kinds.flatMap((what) => {
        const amount = product[what];
        return amount === null ? [] : [{ what, value: stockValue(product.quantity, amount) }];
      }),
      barcodes: splitBarcodes(product.barcodes).map((value) => ({ value, kind: kindOf(value) })),
      move,
      values: readMoveValues(req.body),
      purposes: move ? purposesOf(move) : [],
      movements: shown.map(withName),
      priceChanges: shownPrices.map(withName),
      olderPrices: prices.length > PRICES_PER_PAGE ? shownPrices.at(-1)?.id : undefined,
      pricesBefore,
      hasOlder: movements.length > MOVEMENTS_PER_PAGE,
      before,
    });
  }

  function find(req: Request, id: number): Promise<Product | undefined> {
    return databases.catalogue.readReplica(req.principal!, (db) => findProduct(db, id));
  }

  function getUnit(req: Request, code: string): Promise<Unit> {
    return databases.catalogue.readReplica(req.principal!, (db) => findUnit(db, code));
  }

  async function findMovedUnit(req: Request, id: number): Promise<Unit> {
    if (isWholeNumber(readMoveValues(req.body).amount)) return plainUnit('');
    return databases.catalogue.readReplica(req.principal!, (db) => findUnitOf(db, id));
  }

  async function getProduct(req: Request, id: number): Promise<Product> {
    const product = await find(req, id);
    if (!product) throw new ProductNotFoundError();
    return product;
  }

  return router;
}

function tellRefusal({ textKey }: DomainError, { quantity }: Product, unit: Unit, t: TFunction): string {
  const onHand = t('movement.onlyOnHand', {
    quantity: typedNumber(quantity, t),
    unit: unitWord(quantity, unit),
  });
  return textKey === 'product.errors.insufficient' ? `${t(textKey)} ${onHand}` : t(textKey);
}

function returnAddress(req: Request): string {
  return localPath((req.body as { return?: unknown } | undefined)?.return);
}
