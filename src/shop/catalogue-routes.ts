import { Router, type Request, type Response } from 'express';
import type { WebConfig } from '../config/config.ts';
import type { Share } from '../database/database-group.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { HttpError } from '../http/http-error.ts';
import { decimalText } from '../locales/money.ts';
import { readPhotoFile } from '../photos/photo.ts';
import type { PhotoStore } from '../photos/photo-store.ts';
import { choiceName } from '../products/book-choices.ts';
import {
  findShopProduct,
  getShopPage,
  isShopPhoto,
  listNewest,
  listShopCategories,
  type ShopProduct,
} from './catalogue-queries.ts';
import { hasPrice, readShopQuery, SHOP_SORTS, shopQueryText, toProductFilter } from './shop-filter.ts';
import { offerLayout, siteOf, type PageAddress } from './shop-layout.ts';
import { PHOTO_ROUTE, routesOf, pathOf, type ShopPage } from './shop-paths.ts';
import { stockText, type ShopStock } from './shop-stock.ts';
import { idOfSlug, productSlug, type ShopCategory } from './slugs.ts';
import { breadcrumbData, inScript, productData, type Crumb } from './structured-data.ts';
import { VISITOR } from './visitor.ts';

const NEWEST_ON_HOME = 12;
const RELATED = 6;
const DESCRIPTION_LENGTH = 160;
const NO_QUERY = readShopQuery({});

type Answer = { page: Buffer } | { movedTo: string };

interface Asked {
  req: Request;
  res: Response;
  /** For parts that other pages show, too. */
  read: Share<Catalogue>;
}

export function catalogueRoutes(config: WebConfig, { catalogue }: Databases, photos: PhotoStore): Router {
  const router = Router();
  const { CURRENCY: currency } = config;

  /** Visitors without a cookie who ask for one page share it (docs/decisions/shared-questions.md). */
  const get = (page: ShopPage, build: (asked: Asked) => Promise<Answer>) => {
    for (const route of routesOf(page)) {
      router.get(route, async (req, res) => {
        const sharedAs = ['shop page', siteOf(config, req) + req.originalUrl];
        const answer = await catalogue.readReplica(
          VISITOR,
          (_db, read) => build({ req, res, read }),
          req.get('cookie') ? {} : { sharedAs },
        );
        if ('movedTo' in answer) res.redirect(301, answer.movedTo);
        else res.type('html').send(answer.page);
      });
    }
  };

  const readCategories = (read: Asked['read']) => read(['shop', 'categories'], listShopCategories);

  get('home', async ({ req, res, read }) => {
    const [categories, newest] = await Promise.all([
      readCategories(read),
      read(['shop', 'newest', NEWEST_ON_HOME], (db) => listNewest(db, { limit: NEWEST_ON_HOME })),
    ]);
    return render(req, res, 'home', {
      address: { page: 'home' },
      categories,
      newest,
      text: req.t('shop.homeText'),
    });
  });

  get('all', (asked) => showList(asked, { address: { page: 'all' }, title: asked.req.t('shop.all') }));

  get('category', async (asked) => {
    const { req, read } = asked;
    const { category: slug = '' } = req.params as { category?: string };
    const category = (await readCategories(read)).find((one) => one.slug === slug);
    if (!category) throw new HttpError(404, 'errors.notFound');
    const address: PageAddress = { page: 'category', params: { category: slug } };
    return showList(asked, { address, title: category.name, category });
  });

  get('search', async (asked) => {
    const { req } = asked;
    const { q, author } = readShopQuery(req.query);
    const title = q
      ? req.t('shop.searchFor', { text: q })
      : author
        ? req.t('shop.booksBy', { author })
        : req.t('shop.all');
    // Without a question, the list of everything is the page to find.
    const address: PageAddress = { page: q || author ? 'search' : 'all' };
    return showList(asked, { address, title, isSearch: true });
  });

  get('product', async (asked) => {
    const { req, read } = asked;
    const { product: slug = '' } = req.params as { product?: string };
    const id = idOfSlug(slug);
    const product =
      id === undefined ? undefined : await read(['shop', 'product', id], (db) => findShopProduct(db, id));
    if (!product) throw new HttpError(404, 'shop.productGone');
    const params = { product: productSlug(product) };
    if (params.product !== slug) return { movedTo: pathOf(req.language, 'product', params) };
    return showProduct(asked, product, { page: 'product', params });
  });

  router.get(PHOTO_ROUTE, async (req, res) => {
    const { file } = req.params;
    const photo = readPhotoFile(file);
    const isPublic =
      photo &&
      (await catalogue.readReplica(VISITOR, (db) => isShopPhoto(db, photo.id), {
        sharedAs: ['shop', 'photo', file],
      }));
    if (!isPublic) throw new HttpError(404, 'errors.notFound');
    const etag = `"${file}"`;
    // A day: what is taken off sale must not stay in the caches of others for a year.
    const caching = { 'Cache-Control': 'public, max-age=86400', ETag: etag };
    if (req.get('if-none-match') === etag) return res.set(caching).status(304).end();
    const data = await photos.find(VISITOR, photo.id, photo.width);
    if (!data) throw new HttpError(404, 'errors.notFound');
    res.set(caching).type('webp').send(data);
  });

  interface ListView {
    address: PageAddress;
    title: string;
    category?: ShopCategory;
    isSearch?: boolean;
  }

  async function showList({ req, res, read }: Asked, view: ListView): Promise<Answer> {
    const query = readShopQuery(req.query);
    const categories = await readCategories(read);
    const chosen = view.category ?? categories.find(({ slug }) => slug === query.category);
    const filter = toProductFilter(query, chosen?.name ?? '');
    const { cursor } = query;
    const page = await read(['shop', 'list', filter, cursor], (db) => getShopPage(db, filter, cursor));
    const shown = {
      ...query,
      // The address of the page has it.
      category: view.category ? '' : (chosen?.slug ?? ''),
      min: hasPrice(query.min) ? query.min : '',
      max: hasPrice(query.max) ? query.max : '',
      cursor: undefined,
    };
    const isPlain = shopQueryText(shown) === '' && cursor === undefined;
    const crumbs = [{ name: req.t('shop.home'), href: pathOf(req.language, 'home') }, { name: view.title }];
    return render(req, res, 'list', {
      ...view,
      categories,
      current: chosen,
      text: req.t('shop.listText', { title: view.title }),
      query: shown,
      list: page,
      sorts: SHOP_SORTS,
      queryText: shopQueryText,
      action: view.isSearch
        ? pathOf(req.language, 'search')
        : pathOf(req.language, view.address.page, view.address.params),
      isIndexed: isPlain,
      crumbs,
    });
  }

  async function showProduct(
    { req, res, read }: Asked,
    product: ShopProduct,
    address: PageAddress,
  ): Promise<Answer> {
    const [categories, related] = await Promise.all([
      readCategories(read),
      read(['shop', 'related', product.category], (db) =>
        listNewest(db, { category: product.category, limit: RELATED + 1 }),
      ),
    ]);
    const category = categories.find(({ name }) => name === product.category);
    const crumbs: Crumb[] = [{ name: req.t('shop.home'), href: pathOf(req.language, 'home') }];
    if (category) {
      const href = pathOf(req.language, 'category', { category: category.slug });
      crumbs.push({ name: category.name, href });
    }
    crumbs.push({ name: product.name });
    const site = siteOf(config, req);
    const url = site + pathOf(req.language, 'product', address.params);
    return render(req, res, 'product', {
      address,
      categories,
      current: category,
      crumbs,
      title: product.name,
      text: summaryOf(product, req),
      product,
      related: related.filter(({ id }) => id !== product.id).slice(0, RELATED),
      data: inScript([productData(product, { site, url, currency }), breadcrumbData(crumbs, { site, url })]),
      price: { amount: decimalText(product.price, currency.decimals), currency: currency.code },
      languageName: product.language && choiceName('language', product.language, req.language),
      bindingName: product.binding && choiceName('binding', product.binding, req.language),
      authorPath: (author: string) => pathOf(req.language, 'search') + shopQueryText(NO_QUERY, { author }),
    });
  }

  function render(
    req: Request,
    res: Response,
    view: string,
    page: { address: PageAddress; categories: ShopCategory[] } & Record<string, unknown>,
  ): Promise<Answer> {
    const { address, ...rest } = page;
    const data = {
      ...offerLayout(config, req, address),
      title: undefined,
      current: undefined,
      crumbs: [],
      isIndexed: true,
      stockText: (stock: ShopStock) => stockText(stock, req),
      productPath: (product: { id: number; name: string }) =>
        pathOf(req.language, 'product', { product: productSlug(product) }),
      ...rest,
    };
    return new Promise((resolve, reject) => {
      res.render(`shop/${view}`, data, (error: Error | null, html) => {
        if (error) reject(error);
        else resolve({ page: Buffer.from(html) });
      });
    });
  }

  return router;
}

/** For search engines and shared links: what it is about, else who wrote it. */
function summaryOf({ description, authors, name, category }: ShopProduct, req: Request): string {
  const text = description.replace(/\s+/g, ' ').trim();
  if (text === '') {
    return authors.length > 0
      ? req.t('shop.by', { name, authors: authors.join(', ') })
      : `${name}. ${category}.`;
  }
  const characters = Array.from(text);
  return characters.length <= DESCRIPTION_LENGTH
    ? text
    : `${characters
        .slice(0, DESCRIPTION_LENGTH - 1)
        .join('')
        .replace(/\s\S*$/, '')}…`;
}
