import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { Usernames } from '../directory/usernames.ts';
import { leaveFlash } from '../http/flash.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { restoreFromTrash } from '../products/deleted-product-queries.ts';
import type { TakenBarcode } from '../products/product-errors.ts';
import { isBlank } from '../products/field-rules.ts';
import { readId } from '../products/product-form-page.ts';
import { forgetDeletion } from '../products/undo-cookies.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import {
  countMatches,
  findTakenCode,
  MAX_MATCHES,
  selectTrash,
  type TakenCode,
  type TrashPosition,
} from './trash-queries.ts';

const PER_PAGE = 50;
const MAX_SEARCH_LENGTH = 100;
const DAY_MS = 24 * 3600_000;

const trashQuery = z.object({
  search: z
    .string()
    .transform((text) => text.slice(0, MAX_SEARCH_LENGTH).toWellFormed().normalize('NFC').trim())
    .transform((text) => (isBlank(text) ? '' : text))
    .catch(''),
  /** Milliseconds and number of the last product shown: `1767225600000.17`. */
  before: z
    .string()
    .regex(/^\d{1,13}\.\d{1,10}$/)
    .transform((text): TrashPosition => {
      const [time, id] = text.split('.').map(Number) as [number, number];
      return { deletedAt: new Date(time), id };
    })
    .optional()
    .catch(undefined),
});

interface Asked {
  search: string;
  before?: TrashPosition | undefined;
}

interface Problem extends Partial<FormPage> {
  text?: string;
  taken?: TakenCode | undefined;
  failedId?: number;
}

export function trashRoutes({ TRASH_DAYS }: Pick<WebConfig, 'TRASH_DAYS'>, databases: Databases): Router {
  const router = Router();
  const usernames = new Usernames(databases.directory);
  const units = new Units(databases.catalogue);

  router.get('/trash', async (req, res) => {
    await renderTrash(req, res, trashQuery.parse(req.query));
  });

  router.post('/trash/:id/restore', async (req, res) => {
    const user = req.principal!;
    const id = readId(req);
    const asked = trashQuery.parse(req.body ?? {});
    await saveForm(req, res, {
      parse: () => ({ ok: true, data: id }),
      save: () =>
        databases.catalogue.transactOnce(user, req.writeId(), (trx) => restoreFromTrash(trx, id, user)),
      show: (page) => renderTrash(req, res, asked, { ...page, failedId: id }),
      refusals: {
        not_in_trash: () => {
          forgetDeletion(req, res, id);
          return renderTrash(req, res, asked, { text: req.t('trash.gone') });
        },
        restore_code_taken: async () => {
          const taken = await databases.catalogue.readReplica(user, (db) => findTakenCode(db, id));
          return renderTrash(req, res, asked, { text: req.t('trash.freed'), taken });
        },
        restore_barcode_taken: async ({ details }) => {
          const found = await databases.catalogue.readReplica(user, (db) => findTakenCode(db, id));
          const taken = found && { ...found, ...(details as TakenBarcode) };
          return renderTrash(req, res, asked, { text: req.t('trash.freed'), taken });
        },
      },
      done: ({ name }) => {
        forgetDeletion(req, res, id);
        leaveFlash(req, res, { textKey: 'trash.restored', productName: name });
        res.redirect(303, addressOf(asked));
      },
    });
  });

  async function renderTrash(req: Request, res: Response, asked: Asked, problem: Problem = {}) {
    const { search, before } = asked;
    const [found, matching] = await databases.catalogue.readReplica(req.principal!, (db) =>
      Promise.all([
        selectTrash(db, { search, before, limit: PER_PAGE + 1 }).execute(),
        search ? countMatches(db, search) : 0,
      ]),
    );
    const shown = found.slice(0, PER_PAGE);
    const names = await usernames.find(
      req.principal!,
      shown.map(({ deletedBy }) => deletedBy),
    );
    const last = shown.at(-1);
    res.render('trash/list', {
      ...NO_PROBLEM,
      failedId: undefined,
      ...problem,
      problem: problem.taken?.holder ? undefined : problem.text,
      taken: problem.taken?.holder && problem.taken,
      search,
      before,
      position: before && positionOf(before),
      items: shown.map(({ deletedBy, ...product }) => ({
        ...product,
        who: names.get(deletedBy) ?? req.t('product.someoneElse'),
        keptUntil: new Date(product.deletedAt.getTime() + TRASH_DAYS * DAY_MS),
      })),
      hasMoreMatches: matching >= MAX_MATCHES,
      maxMatches: MAX_MATCHES,
      unitOf: await units.read(req.principal!),
      unitWord,
      days: TRASH_DAYS,
      older: found.length > PER_PAGE && last ? addressOf({ search, before: last }) : undefined,
      newest: addressOf({ search }),
    });
  }

  return router;
}

function positionOf({ deletedAt, id }: TrashPosition): string {
  return `${deletedAt.getTime()}.${id}`;
}

function addressOf({ search, before }: Asked): string {
  const query = new URLSearchParams();
  if (search) query.set('search', search);
  if (before) query.set('before', positionOf(before));
  return query.size > 0 ? `/trash?${query.toString()}` : '/trash';
}
