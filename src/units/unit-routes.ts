import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { leaveFlash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { line } from '../products/field-rules.ts';
import { getUnit, saveUnit } from './unit-changes.ts';
import { listUnitPage } from './unit-list.ts';

const code = z.string().max(30).catch('');
const word = (missing: string) => line(30, { missing, tooLong: 'units.errors.length' });
const unitForm = z.object({
  singular: word('units.errors.singular'),
  plural: word('units.errors.plural'),
  decimals: z.enum(['0', '1', '2', '3'], 'units.errors.decimals').transform(Number),
});
const typed = z.string().catch('');
const typedUnit = z.object({ singular: typed, plural: typed, decimals: typed });
const listQuery = z.object({
  search: z.string().max(100).trim().catch(''),
  after: z.string().max(30).catch(''),
});

/** A code may have any characters, so it is not a part of the path. */
const chosen = z.object({ code });

export function unitRoutes({ catalogue }: Databases): Router {
  const router = Router();

  router.get('/units', async (req, res) => {
    const query = listQuery.parse(req.query);
    const list = await catalogue.readReplica(req.principal!, (db) => listUnitPage(db, query));
    res.render('units/list', { ...query, ...list });
  });

  router.get('/units/edit', async (req, res) => {
    await showForm(req, res, chosen.parse(req.query).code, NO_PROBLEM);
  });

  router.post('/units', async (req, res) => {
    const user = req.principal!;
    const { code: name } = chosen.parse(req.body ?? {});
    await saveForm(req, res, {
      parse: () => readForm(unitForm, req.body, req.t),
      save: (unit) =>
        catalogue.transactOnce(user, req.writeId(), (trx) => saveUnit(trx, { code: name, ...unit }, user)),
      show: (page) => showForm(req, res, name, page, typedUnit.parse(req.body ?? {})),
      done: () => {
        leaveFlash(req, res, { textKey: 'units.saved', productName: name });
        res.redirect(303, '/units');
      },
    });
  });

  async function showForm(
    req: Request,
    res: Response,
    name: string,
    page: FormPage,
    values?: z.output<typeof typedUnit>,
  ): Promise<void> {
    const unit = await catalogue.readReplica(req.principal!, (db) => getUnit(db, name));
    res.render('units/form', {
      ...page,
      unit,
      values: values ?? { ...unit, decimals: String(unit.decimals) },
    });
  }

  return router;
}
