import type { Request, RequestHandler, Response } from 'express';
import type { Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import { retrying } from '../database/retrying.ts';
import type { Catalogue } from '../database/tables.ts';
import { isDomainError } from '../errors/domain-error.ts';
import { cookieName } from '../http/cookies.ts';
import { optionsFor } from '../http/flash.ts';
import {
  CART_DAYS,
  countCartLines,
  countLinesOf,
  createCart,
  findCart,
  findCustomerCart,
  getCustomerCart,
  mergeCarts,
  type Cart,
} from '../orders/cart.ts';

const COOKIE = 'inventario.cart';
const COOKIE_MS = CART_DAYS * 24 * 3600_000;

type Group = DatabaseGroup<Catalogue>;

/** A customer's cart is that of the account, on every device; a visitor's is that of the cookie. */
export async function findCurrentCart(catalogue: Group, req: Request): Promise<Cart | undefined> {
  const { id } = req.customer;
  const token = tokenOf(req);
  // From the primary: a visitor's writes are not counted, so a replica may not show them yet.
  if (id > 0) return catalogue.readPrimary((db) => findCustomerCart(db, id));
  return token === undefined ? undefined : catalogue.readPrimary((db) => findCart(db, token));
}

/** Begins a cart if there is none, and sets the cookie of a visitor. */
export async function changeCart(
  catalogue: Group,
  req: Request,
  res: Response,
  change: (trx: Transaction<Catalogue>, cartId: number) => Promise<unknown>,
): Promise<void> {
  const { id } = req.customer;
  const known = tokenOf(req);
  const token = await retrying(() =>
    catalogue.transact(async (trx) => {
      if (id > 0) {
        await change(trx, await getCustomerCart(trx, id));
        return undefined;
      }
      const found = known === undefined ? undefined : await findCart(trx, known);
      const cart = found ? { id: found.id, token: known! } : await createCart(trx);
      await change(trx, cart.id);
      return cart.token;
    }),
  );
  if (token !== undefined)
    res.cookie(cookieName(req, COOKIE), token, { ...optionsFor(req), maxAge: COOKIE_MS });
}

function tokenOf(req: Request): string | undefined {
  const value = (req.cookies as Record<string, unknown>)[cookieName(req, COOKIE)];
  return typeof value === 'string' && /^[\w-]{32}$/.test(value) ? value : undefined;
}

/** For the header of every page. Who has neither cart nor session costs no query. */
export function offerCartCount({ catalogue }: Databases): RequestHandler {
  return async (req, res, next) => {
    res.locals.cartCount = await countLines(catalogue, req);
    const { merged } = req.query;
    if (typeof merged === 'string' && /^[1-9]\d{0,2}$/.test(merged))
      res.locals.cartNotice = req.t('shopCart.merged', { count: Number(merged) });
    else if (merged === 'full') res.locals.cartNotice = req.t('shopCart.notMerged');
    next();
  };
}

async function countLines(catalogue: Group, req: Request): Promise<number> {
  if (req.method !== 'GET' || req.path.startsWith('/shop/photos/')) return 0;
  const { id: customerId } = req.customer;
  const token = tokenOf(req);
  if (customerId === 0 && token === undefined) return 0;
  const of = customerId > 0 ? { customerId } : { token: token! };
  try {
    return await catalogue.readPrimary((db) => countLinesOf(db, of));
  } catch {
    // The page must not fail because of it.
    return 0;
  }
}

/**
 * Puts the visitor's cart into that of the customer as whom they have logged in.
 *
 * @returns what `offerCartCount` says on the next page
 */
export async function mergeAtLogIn(
  { catalogue }: Databases,
  req: Request,
  res: Response,
  customerId: number,
): Promise<Record<string, string>> {
  const token = tokenOf(req);
  if (token === undefined) return {};
  const merge = () =>
    catalogue.transact(async (trx): Promise<Record<string, string>> => {
      const from = await findCart(trx, token);
      if (!from) return {};
      const into = await getCustomerCart(trx, customerId);
      const before = await countCartLines(trx, into);
      const added = await mergeCarts(trx, { from: from.id, into });
      await trx.deleteFrom('cart').where('id', '=', from.id).execute();
      return before > 0 && added > 0 ? { merged: String(added) } : {};
    });
  try {
    const notice = await retrying(merge);
    res.clearCookie(cookieName(req, COOKIE), optionsFor(req));
    return notice;
  } catch (error) {
    // Both carts stay as they are.
    if (isDomainError(error, 'cart_full')) return { merged: 'full' };
    throw error;
  }
}
