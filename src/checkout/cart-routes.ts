import { Router, type Request, type Response } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { FormResult } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { typedNumber } from '../locales/typed-numbers.ts';
import { addToCart, setCartLine, type CartLine } from '../orders/cart.ts';
import { decimalField } from '../products/field-rules.ts';
import { withPlainNumber } from '../products/typed-quantity.ts';
import { toUnit, UNIT_WORDS, unitWord, type Unit } from '../products/unit-queries.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import { productSlug } from '../shop/slugs.ts';
import { hasMoreDecimals } from '../stock/quantities.ts';
import { amountOf, listCartItems } from './cart-contents.ts';
import { changeCart, findCurrentCart } from './current-cart.ts';

const productId = z.coerce.number().int().positive().max(4_294_967_295);
const quantity = decimalField('shopCart.errors.quantity');
const typed = z.string().max(100).catch('');
const lineForm = z.object({ product: productId, quantity: typed, remove: z.string().optional().catch('1') });
const cartQuery = z.object({ added: productId.optional().catch(undefined) });

/** What cannot be put into a cart. */
class NotOnSaleError extends DomainError {
  constructor() {
    super({ code: 'not_on_sale', status: 404, textKey: 'shop.productGone' });
  }
}

interface ChosenProduct {
  id: number;
  name: string;
  unit: Unit;
  isOffered: boolean;
}

export function cartRoutes({ catalogue }: Databases): Router {
  const router = Router();

  for (const path of routesOf('cart')) {
    router.get(path, async (req, res) => {
      const { added } = cartQuery.parse(req.query);
      await showCart(req, res, { added });
    });

    // A line's new quantity; none takes it out.
    router.post(path, async (req, res) => {
      const form = lineForm.parse(req.body ?? {});
      const isRemoved = form.remove !== undefined;
      const product = await catalogue.readPrimary((db) => findChosen(db, form.product));
      await saveForm(req, res, {
        parse: () => (isRemoved ? removal(form.product) : readLine(req, product, { canBeNone: true })),
        save: (line) => changeCart(catalogue, req, res, (trx, cart) => setCartLine(trx, cart, line)),
        show: (page) => showCart(req, res, { page, product: form.product, quantity: form.quantity }),
        done: () => res.redirect(303, pathOf(req.language, 'cart')),
      });
    });
  }

  for (const path of routesOf('addToCart')) {
    // A link to it is that of the other language, on a page that shows a refused form.
    router.get(path, (req, res) => res.redirect(303, pathOf(req.language, 'cart')));

    router.post(path, async (req, res) => {
      const form = lineForm.parse(req.body ?? {});
      const product = await catalogue.readPrimary((db) => findChosen(db, form.product));
      if (!product?.isOffered) throw new NotOnSaleError();
      await saveForm(req, res, {
        parse: () => readLine(req, product),
        save: (line) =>
          changeCart(catalogue, req, res, (trx, cart) => addToCart(trx, cart, line, req.writeId())),
        show: (page) => showCart(req, res, { page, adding: product, quantity: form.quantity }),
        done: () => res.redirect(303, `${pathOf(req.language, 'cart')}?added=${product.id}`),
      });
    });
  }

  interface CartPage {
    added?: number | undefined;
    page?: FormPage;
    /** Whose line was refused. */
    product?: number;
    /** That was not put in. */
    adding?: ChosenProduct;
    /** As it was typed. */
    quantity?: string;
  }

  async function showCart(req: Request, res: Response, { page, ...shown }: CartPage): Promise<void> {
    const cart = await findCurrentCart(catalogue, req);
    const items = cart ? await catalogue.readPrimary((db) => listCartItems(db, cart.id)) : [];
    res.locals.cartCount = items.length;
    const added = items.find(({ productId: id }) => id === shown.added);
    res.render('shop/cart', {
      ...(page ?? NO_PROBLEM),
      ...{ product: undefined, adding: undefined, quantity: '', ...shown, added, items },
      total: amountOf(items),
      hasProblem: items.some(({ problem }) => problem !== undefined),
      typedNumber: (value: number) => typedNumber(value, req.t),
      unitWord,
      productPath: (item: { productId: number; name: string }) =>
        pathOf(req.language, 'product', { product: productSlug({ id: item.productId, name: item.name }) }),
    });
  }

  return router;
}

function removal(product: number): FormResult<CartLine> {
  return { ok: true, data: { productId: product, quantity: 0 } };
}

function readLine(
  req: Request,
  product: ChosenProduct | undefined,
  { canBeNone = false } = {},
): FormResult<CartLine> {
  const refuse = (textKey: string, values = {}): FormResult<CartLine> => ({
    ok: false,
    errors: { quantity: req.t(textKey, values) },
  });
  if (!product) return refuse('shop.productGone');
  const body = withPlainNumber(req.body, 'quantity', req.t) as { quantity?: unknown };
  const read = quantity.safeParse(body.quantity ?? '1');
  if (!read.success || (read.data === 0 && !canBeNone)) return refuse('shopCart.errors.quantity');
  const { decimals } = product.unit;
  if (hasMoreDecimals(read.data, decimals)) {
    return decimals === 0
      ? refuse('shopCart.errors.whole')
      : refuse('shopCart.errors.decimals', { count: decimals });
  }
  return { ok: true, data: { productId: product.id, quantity: read.data } };
}

async function findChosen(db: Kysely<Catalogue>, id: number): Promise<ChosenProduct | undefined> {
  const row = await db
    .selectFrom('product')
    .leftJoin('unit', 'unit.code', 'product.unit')
    .select(['product.id', 'product.name', 'product.unit', 'product.offered_state as state', ...UNIT_WORDS])
    .where('product.id', '=', id)
    .executeTakeFirst();
  return row && { id: row.id, name: row.name, unit: toUnit(row.unit, row), isOffered: row.state !== null };
}
