import type { Request, RequestHandler } from 'express';
import type { WebConfig } from '../config/config.ts';
import { LANGUAGES, type Language } from '../locales/languages.ts';
import { pathOf, type ShopPage } from './shop-paths.ts';

/** A page in any language. */
export interface PageAddress {
  page: ShopPage;
  params?: Record<string, string>;
}

/** The address that people open, without a slash at its end. */
export function siteOf({ PUBLIC_URL }: Pick<WebConfig, 'PUBLIC_URL'>, req: Request): string {
  return PUBLIC_URL ?? `${req.protocol}://${req.get('host')}`;
}

/** A refused form has the secret of its link in its body; the page in the other language needs it in its address. */
export const keepLinkSecret: RequestHandler = (req, res, next) => {
  const { t } = (req.body ?? {}) as { t?: unknown };
  if (typeof t === 'string' && t !== '')
    res.locals.otherPath = `${String(res.locals.otherPath)}?${new URLSearchParams({ t }).toString()}`;
  next();
};

/** What the header and footer of every page of the shop need. */
export function offerLayout(config: WebConfig, req: Request, { page, params }: PageAddress) {
  const { language } = req;
  const site = siteOf(config, req);
  const other = LANGUAGES.find((one) => one !== language)!;
  const addressIn = (one: Language) => site + pathOf(one, page, params);
  const query = URL.parse(req.originalUrl, 'http://local.invalid')?.search ?? '';
  return {
    site,
    canonical: addressIn(language),
    alternates: LANGUAGES.map((one) => ({ language: one, href: addressIn(one) })),
    otherLanguage: other,
    // With its filters, which are the same in every language.
    otherPath: pathOf(other, page, params) + query,
    shopPath: (name: ShopPage, given?: Record<string, string>) => pathOf(language, name, given),
    currencyCode: config.CURRENCY.code,
  };
}
