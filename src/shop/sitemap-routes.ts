import { Router, type Request, type Response } from 'express';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { HttpError } from '../http/http-error.ts';
import { LANGUAGES } from '../locales/languages.ts';
import { listInSitemap, listShopCategories, listSitemaps } from './catalogue-queries.ts';
import { siteOf, type PageAddress } from './shop-layout.ts';
import { pathOf, SHOP_BASES, SITEMAP_INDEX, SITEMAP_ROUTE } from './shop-paths.ts';
import { productSlug } from './slugs.ts';
import { VISITOR } from './visitor.ts';

const PAGES = 'pages.xml';
/** Found by as many statements as there are files. */
const KEEP_INDEX_MS = 10_000;
const PRODUCTS = /^products-(0|[1-9]\d{0,5})\.xml$/;

interface Entry extends PageAddress {
  changedAt?: Date;
}

/** https://www.sitemaps.org/protocol.html: an index, and files of at most 50,000 addresses. */
export function sitemapRoutes(config: WebConfig, { catalogue }: Databases): Router {
  const router = Router();
  let index = { places: [] as number[], until: 0 };

  router.get(SITEMAP_INDEX, async (req, res) => {
    if (index.until < Date.now()) {
      const places = await catalogue.readReplica(VISITOR, listSitemaps, { sharedAs: ['shop', 'sitemaps'] });
      index = { places, until: Date.now() + KEEP_INDEX_MS };
    }
    const files = [PAGES, ...index.places.map((place) => `products-${place}.xml`)];
    const site = siteOf(config, req);
    const sitemaps = files.map(
      (file) => `<sitemap><loc>${xml(site + SITEMAP_ROUTE.replace(':file', file))}</loc></sitemap>`,
    );
    send(res, 'sitemapindex', sitemaps);
  });

  router.get(SITEMAP_ROUTE, async (req, res) => {
    const { file } = req.params;
    if (file === PAGES) {
      const categories = await catalogue.readReplica(VISITOR, listShopCategories, {
        sharedAs: ['shop', 'categories'],
      });
      const entries: Entry[] = [
        { page: 'home' },
        { page: 'all' },
        ...categories.map(({ slug }) => ({ page: 'category', params: { category: slug } }) as const),
      ];
      return send(res, 'urlset', urlsOf(req, entries));
    }
    const place = PRODUCTS.exec(file)?.[1];
    if (place === undefined) throw new HttpError(404, 'errors.notFound');
    const products = await catalogue.readReplica(VISITOR, (db) => listInSitemap(db, Number(place)), {
      sharedAs: ['shop', 'sitemap', place],
    });
    if (products.length === 0) throw new HttpError(404, 'errors.notFound');
    const entries = products.map(({ id, name, updatedAt }): Entry => {
      return { page: 'product', params: { product: productSlug({ id, name }) }, changedAt: updatedAt };
    });
    send(res, 'urlset', urlsOf(req, entries));
  });

  router.get('/robots.txt', (req, res) => {
    const bases = Object.values(SHOP_BASES);
    const closed = (['cart', 'checkout', 'account'] as const).flatMap((page) =>
      LANGUAGES.map((language) => `Disallow: ${pathOf(language, page)}`),
    );
    const orders = LANGUAGES.map((language) => `Disallow: ${pathOf(language, 'order', { number: '' })}`);
    const lines = [
      'User-agent: *',
      ...closed,
      ...orders,
      ...bases.map((base) => `Allow: ${base}`),
      'Allow: /static/',
      'Disallow: /',
      '',
      `Sitemap: ${siteOf(config, req)}${SITEMAP_INDEX}`,
    ];
    res
      .set('Cache-Control', 'public, max-age=3600')
      .type('text/plain')
      .send(`${lines.join('\n')}\n`);
  });

  function urlsOf(req: Request, entries: Entry[]): string[] {
    const site = siteOf(config, req);
    return entries.flatMap(({ page, params, changedAt }) => {
      const addresses = LANGUAGES.map((language) => ({
        language,
        href: xml(site + pathOf(language, page, params)),
      }));
      const alternates = addresses.map(
        ({ language, href }) => `<xhtml:link rel="alternate" hreflang="${language}" href="${href}"/>`,
      );
      const changed = changedAt ? `<lastmod>${changedAt.toISOString()}</lastmod>` : '';
      return addresses.map(({ href }) => `<url><loc>${href}</loc>${changed}${alternates.join('')}</url>`);
    });
  }

  return router;
}

function send(res: Response, root: 'sitemapindex' | 'urlset', items: string[]): void {
  const links = root === 'urlset' ? ' xmlns:xhtml="http://www.w3.org/1999/xhtml"' : '';
  res
    .set('Cache-Control', 'public, max-age=3600')
    .type('application/xml')
    .send(
      `<?xml version="1.0" encoding="UTF-8"?>
<${root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"${links}>
${items.join('\n')}
</${root}>
`,
    );
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
