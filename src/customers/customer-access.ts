import type { Request, RequestHandler } from 'express';
import { wantsJson } from '../http/error-handler.ts';
import { HttpError } from '../http/http-error.ts';
import { pageOf } from '../http/local-path.ts';
import { isBelowPage, pathOf, shopPathOr, type ShopPage } from '../shop/shop-paths.ts';

/** Of the account, what a visitor may open. */
const FOR_VISITORS: ShopPage[] = [
  ...(['logIn', 'logOut', 'signUp', 'checkMail'] as const),
  ...(['confirm', 'forgotten', 'reset', 'confirmEmail'] as const),
];
/** A tab that was open before the log-in leads on, and its form is not carried out. */
const LEADING_ON: ShopPage[] = ['logIn', 'signUp', 'forgotten'];

/** Every page of the account is for customers who are signed in, unless it is listed. */
export const customersOnly: RequestHandler = (req, res, next) => {
  const { path, language } = req;
  const account = pathOf(language, 'account');
  const isOneOf = (pages: ShopPage[]) => pages.some((page) => isBelowPage(path, page));
  if (req.customer.id > 0) {
    if (isOneOf(LEADING_ON)) return res.redirect(303, account);
    return next();
  }
  if (!isBelowPage(path, 'account') || isOneOf(FOR_VISITORS)) return next();
  if (wantsJson(req)) throw new HttpError(401, 'errors.notSignedIn');
  res.redirect(303, logInPath(req));
};

/** The log-in, which leads back to the page. */
export function logInPath(req: Request): string {
  const { language, method } = req;
  const query = new URLSearchParams({ return: shopPathOr(pathOf(language, 'account'), pageOf(req)) });
  if (method === 'POST') query.set('notice', 'ended');
  return `${pathOf(language, 'logIn')}?${query.toString()}`;
}
