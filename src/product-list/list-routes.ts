import { Router, type Request } from 'express';
import { z } from 'zod';
import type { Kysely } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { issueText } from '../http/forms.ts';
import { findByScan } from '../products/barcode-queries.ts';
import { listChoices, type ChoiceKind } from '../products/book-choices.ts';
import { listCategories } from '../products/category-queries.ts';
import { shownText, type FieldValue } from '../products/field-texts.ts';
import type { FieldKey } from '../products/product-fields.ts';
import { viewableProduct } from '../products/product.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import { InvalidCursorError } from './cursor.ts';
import {
  AVAILABILITIES,
  cursorField,
  FACETS,
  filterQuery,
  productQuery,
  readFilter,
  strictFilter,
  type ProductFilter,
} from './product-filter.ts';
import { priceFields } from './price-range.ts';
import { getProductPage } from './product-page.ts';
import { countExactly } from './product-totals.ts';
import { listView, readListChoices } from './list-choices.ts';

export function productListRoutes(databases: Databases): Router {
  const router = Router();
  const units = new Units(databases.catalogue);

  router.get('/products', async (req, res) => {
    const filter = readFilter(req.query);
    const prices = priceFields(req.query, filter, req);
    const isRight = Object.keys(prices.errors).length === 0;
    if (isRight && opensMatch(req.query)) {
      const id = await findScanned(req, filter);
      return res.redirect(303, id === undefined ? `/products${filterQuery(filter)}` : `/products/${id}`);
    }
    const cursor = cursorField.optional().catch(undefined).parse(req.query.cursor);
    const choices = readListChoices(req.principal!.listChoices);
    const limit = choices.pageSize;
    const read = (db: Kysely<Catalogue>) =>
      Promise.all([
        getProductPage(db, filter, { cursor, limit }).catch((error: unknown) => {
          // A damaged cursor: show a person the first page.
          if (error instanceof InvalidCursorError) return getProductPage(db, filter, { limit });
          throw error;
        }),
        listCategories(db),
      ]);
    const [[page, categories], unitOf] = await Promise.all([
      databases.catalogue.readReplica(req.principal!, read, { sharedAs: ['page', filter, cursor, limit] }),
      units.read(req.principal!),
    ]);
    if (!isRight) res.status(422);
    res.render('products/list', {
      filter,
      prices,
      page,
      unitOf,
      unitWord,
      categories,
      availabilities: AVAILABILITIES,
      facets: FACETS,
      shownText: (key: FieldKey, value: FieldValue) => shownText(key, value, req.language),
      choiceNames: (kind: ChoiceKind) => Object.fromEntries(listChoices(kind, req.language)),
      filterQuery,
      ...listView(choices, req.principal!.permissions),
    });
  });

  router.get('/api/products/total', async (req, res) => {
    const { sort, ...rest } = strictFilter.parse(req.query);
    const filter = { ...rest, sort };
    const count = (db: Kysely<Catalogue>) => countExactly(db, filter);
    const sharedAs = ['total', filterQuery({ ...filter, sort: undefined })];
    const total = await databases.catalogue.readReplica(req.principal!, count, { sharedAs });
    res.json({ total: total ?? null });
  });

  router.get('/api/products/match', async (req, res) => {
    res.json({ id: (await findScanned(req, readFilter(req.query))) ?? null });
  });

  router.get('/api/products', async (req, res) => {
    const query = productQuery.safeParse(req.query);
    if (!query.success) {
      const errors: Record<string, string> = {};
      for (const issue of query.error.issues)
        errors[issue.path.join('.')] = issueText(issue, req.t) ?? `must be ${issue.message}`;
      res.status(400).json({ error: req.t('errors.badRequest'), errors });
      return;
    }
    const { cursor, limit, sort, ...rest } = query.data;
    const filter = { ...rest, sort };
    const user = req.principal!;
    const read = async (db: Kysely<Catalogue>) => {
      const page = await getProductPage(db, filter, { cursor, limit });
      const { total, totalIsExact, nextCursor = null } = page;
      const items = page.items.map((product) => viewableProduct(product, user.permissions));
      return Buffer.from(JSON.stringify({ items, total, totalIsExact, nextCursor }));
    };
    const sharedAs = ['json', filter, cursor, limit];
    try {
      res.type('json').send(await databases.catalogue.readReplica(user, read, { sharedAs }));
    } catch (error) {
      if (!(error instanceof InvalidCursorError)) throw error;
      res.status(400).json({
        error: req.t('errors.badRequest'),
        errors: { cursor: 'must be a nextCursor of an earlier answer' },
      });
    }
  });

  async function findScanned(req: Request, { search }: ProductFilter): Promise<number | undefined> {
    if (search === '') return undefined;
    return databases.catalogue.readReplica(req.principal!, (db) => findByScan(db, search));
  }

  return router;
}

/** The form of the search was sent, with Enter or by a scanner. */
function opensMatch(query: unknown): boolean {
  return z.object({ open: z.literal('match') }).safeParse(query).success;
}
