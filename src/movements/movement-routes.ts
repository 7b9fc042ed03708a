import { Router, type Request } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { listUsernames, Usernames } from '../directory/usernames.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { streamAnswer, waitForFirstRow } from '../http/stream-answer.ts';
import type { Dates } from '../locales/dates.ts';
import { findDeletedProduct } from '../products/deleted-product-queries.ts';
import { findProduct } from '../products/product-queries.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import { writeMovements } from './movement-csv.ts';
import {
  movementQuery,
  readFilterFields,
  readMovementFilter,
  REASONS,
  type FilterFields,
  type MovementFilter,
} from './movement-filter.ts';
import { findProductsFor, getMovementPage, type FoundProducts, type MovementPage } from './movement-page.ts';
import { streamMovements, type PagePosition, type ListedMovement } from './movement-queries.ts';
import { documentText } from './movement-texts.ts';

const movementNumber = z.coerce
  .number()
  .int()
  .positive()
  .max(Number.MAX_SAFE_INTEGER)
  .optional()
  .catch(undefined);
const position = z.object({ before: movementNumber, after: movementNumber });

const NONE: MovementPage = { movements: [], older: undefined, newer: undefined };
const NOT_SEARCHED: FoundProducts = { product: undefined, choices: [], hasMore: false };

interface Selection {
  filter: MovementFilter;
  errors: Record<string, string>;
  found: FoundProducts;
}

export function movementRoutes(databases: Databases): Router {
  const router = Router();
  const usernames = new Usernames(databases.directory);
  const units = new Units(databases.catalogue);
  const slot = limited(new Semaphore(), 'errors.tooManyExports');

  router.get('/movements', async (req, res) => {
    const fields = readFilterFields(req.query);
    const range = position.parse(req.query);
    const [answer, users] = await Promise.all([
      databases.catalogue.readReplica(req.principal!, (db) => readPage(db, req.dates, fields, range), {
        sharedAs: ['movements', fields, range, req.dates.zone],
      }),
      databases.directory.readReplica(req.principal!, listUsernames),
    ]);
    const { errors, found, product, page, isShown } = answer;
    const [names, unitOf] = await Promise.all([nameActors(req, page.movements), units.read(req.principal!)]);
    if (Object.keys(errors).length > 0) res.status(422);
    res.render('movements/list', {
      fields,
      errors: Object.fromEntries(Object.entries(errors).map(([name, key]) => [name, req.t(key)])),
      found,
      product,
      movements: page.movements.map((movement, i) => ({
        ...movement,
        who: names[i],
        document: documentText(movement, req.t),
      })),
      page,
      unitOf,
      unitWord,
      isShown,
      users,
      reasons: REASONS,
      query: (changes: Record<string, string | number> = {}) => movementQuery(fields, changes),
    });
  });

  router.get('/movements/export.csv', slot, async (req, res) => {
    const user = req.principal!;
    const db = await databases.catalogue.replicaForStream(user);
    const fields = readFilterFields(req.query);
    const { filter, errors, found } = await select(db, req.dates, fields);
    if (!isComplete({ errors, found })) return res.redirect(303, `/movements${movementQuery(fields)}`);
    const today = req.dates.toWallClock(new Date()).toISOString().slice(0, 10);
    res.attachment(`${req.t('movement.fileName')}-${today}.csv`);
    res.set('Content-Type', 'text/csv; charset=utf-8');
    if (req.method === 'HEAD') return void res.end();
    await streamAnswer(res, async () => {
      const rows = await waitForFirstRow(streamMovements(db, filter));
      const { t, dates } = req;
      await writeMovements(rows, res, { t, dates, nameActors: (some) => nameActors(req, some) });
    });
  });

  async function nameActors(req: Request, movements: ListedMovement[]): Promise<string[]> {
    const users = movements.flatMap(({ actorKind, actorId }) =>
      actorKind === 'user' ? (actorId ?? []) : [],
    );
    const names = await usernames.find(req.principal!, users);
    return movements.map(({ actorKind, actorId }) =>
      actorKind === 'user'
        ? (names.get(actorId ?? 0) ?? req.t('audit.someone'))
        : req.t(`movement.actors.${actorKind}`),
    );
  }

  return router;
}

async function readPage(db: Kysely<Catalogue>, dates: Dates, fields: FilterFields, range: PagePosition) {
  const { filter, errors, found } = await select(db, dates, fields);
  const isShown = isComplete({ errors, found });
  const [page, product] = await Promise.all([
    isShown ? getMovementPage(db, filter, range) : NONE,
    filter.product === undefined ? undefined : findAnyProduct(db, filter.product),
  ]);
  return { errors, found, page, product, isShown };
}

async function select(db: Kysely<Catalogue>, dates: Dates, fields: FilterFields): Promise<Selection> {
  const { filter, errors } = readMovementFilter(fields, dates);
  if (!fields.search || filter.product !== undefined) return { filter, errors, found: NOT_SEARCHED };
  const found = await findProductsFor(db, fields.search);
  if (found.product) filter.product = found.product.id;
  else if (found.choices.length === 0) errors.search = 'movement.errors.product';
  return { filter, errors, found };
}

function isComplete({ errors, found }: Pick<Selection, 'errors' | 'found'>): boolean {
  return Object.keys(errors).length === 0 && found.choices.length === 0;
}

async function findAnyProduct(db: Kysely<Catalogue>, id: number) {
  const product = await findProduct(db, id);
  if (product) return { ...product, isDeleted: false };
  const deleted = await findDeletedProduct(db, id);
  return deleted && { ...deleted, isDeleted: true };
}
