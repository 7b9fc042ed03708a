import { Router, type Request, type Response } from 'express';
import type { Kysely, Transaction } from 'kysely';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { countryName } from '../http/countries.ts';
import { leaveFlash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { productId } from '../products/product-form.ts';
import {
  addMethod,
  addZone,
  changeMethod,
  changeSettings,
  changeZone,
  deleteMethod,
  deleteZone,
  DeliveryNotFoundError,
  getMethod,
  getZone,
  listAllMethods,
  listZones,
} from './delivery-changes.ts';
import {
  EVERYWHERE,
  MAX_AREA_ROWS,
  methodValues,
  readMethod,
  readZone,
  rowCount,
  settingsForm,
  settingsValues,
  typedIn,
  zoneValues,
} from './delivery-form.ts';
import { getShopSettings, MAX_RATES } from './delivery-queries.ts';

/** @param countries ISO codes of those that addresses can have */
export function deliveryRoutes({ catalogue }: Databases, countries: readonly string[]): Router {
  const router = Router();

  router.get('/delivery', (req, res) => showAll(req, res));

  router.post('/delivery/settings', async (req, res) => {
    await saveForm(req, res, {
      parse: () => readForm(settingsForm, req.body, req.t),
      save: (settings) => save(req, (trx) => changeSettings(trx, settings, req.principal!)),
      show: (page) => showAll(req, res, { ...page, values: typedIn(req.body) }),
      done: () => finish(req, res),
    });
  });

  router.get('/delivery/zones/new', (req, res) => showZone(req, res, { values: {} }));

  router.post('/delivery/zones', async (req, res) => {
    await saveForm(req, res, {
      parse: () => readZone(req.body, req.t),
      save: (zone) => save(req, (trx) => addZone(trx, zone, req.principal!)),
      show: (page) => showZone(req, res, { ...page, values: typedIn(req.body) }),
      done: () => finish(req, res),
    });
  });

  router.get('/delivery/zones/:id/edit', async (req, res) => {
    const zone = await read(req, getZone);
    showZone(req, res, { id: zone.id, values: zoneValues(zone) });
  });

  router.post('/delivery/zones/:id', async (req, res) => {
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readZone(req.body, req.t),
      save: (zone) => save(req, (trx) => changeZone(trx, id, zone, req.principal!)),
      show: (page) => showZone(req, res, { ...page, id, values: typedIn(req.body) }),
      done: () => finish(req, res),
    });
  });

  router.get('/delivery/zones/:id/delete', async (req, res) => {
    const { id, name } = await read(req, getZone);
    res.render('delivery/delete', { name, kind: 'zone', action: `/delivery/zones/${id}/delete` });
  });

  router.post('/delivery/zones/:id/delete', async (req, res) => {
    await save(req, (trx) => deleteZone(trx, readId(req), req.principal!));
    finish(req, res);
  });

  router.get('/delivery/zones/:id/methods/new', async (req, res) => {
    const zone = await read(req, getZone);
    showMethod(res, { zone: zone.id, values: { isOffered: '1' } });
  });

  router.post('/delivery/zones/:id/methods', async (req, res) => {
    const zone = readId(req);
    await saveForm(req, res, {
      parse: () => readMethod(req.body, req.t),
      save: (method) => save(req, (trx) => addMethod(trx, zone, method, req.principal!)),
      show: (page) => showMethod(res, { ...page, zone, values: typedIn(req.body) }),
      done: () => finish(req, res),
    });
  });

  router.get('/delivery/methods/:id/edit', async (req, res) => {
    const method = await read(req, getMethod);
    showMethod(res, { id: method.id, values: methodValues(method, req.language) });
  });

  router.post('/delivery/methods/:id', async (req, res) => {
    const id = readId(req);
    await saveForm(req, res, {
      parse: () => readMethod(req.body, req.t),
      save: (method) => save(req, (trx) => changeMethod(trx, id, method, req.principal!)),
      show: (page) => showMethod(res, { ...page, id, values: typedIn(req.body) }),
      done: () => finish(req, res),
    });
  });

  router.get('/delivery/methods/:id/delete', async (req, res) => {
    const { id, name } = await read(req, getMethod);
    res.render('delivery/delete', { name, kind: 'method', action: `/delivery/methods/${id}/delete` });
  });

  router.post('/delivery/methods/:id/delete', async (req, res) => {
    await save(req, (trx) => deleteMethod(trx, readId(req), req.principal!));
    finish(req, res);
  });

  async function showAll(
    req: Request,
    res: Response,
    page: Partial<FormPage> & { values?: Record<string, string> } = {},
  ): Promise<void> {
    const { zones, methods, settings } = await catalogue.readReplica(req.principal!, async (db) => ({
      zones: await listZones(db),
      methods: await listAllMethods(db),
      settings: await getShopSettings(db),
    }));
    res.render('delivery/list', {
      ...NO_PROBLEM,
      values: settingsValues(settings, req.language),
      ...page,
      ...{ zones, methods },
      countryName: (code: string) =>
        code === '' ? req.t('shopDelivery.everywhere') : countryName(code, req.language),
    });
  }

  function showZone(req: Request, res: Response, page: FormShown): void {
    const { values } = page;
    res.render('delivery/zone', {
      ...NO_PROBLEM,
      id: undefined,
      ...page,
      rows: rowCount(values, 'country', MAX_AREA_ROWS),
      everywhere: EVERYWHERE,
      countries: countries
        .map((code) => ({ code, name: countryName(code, req.language) }))
        .sort((one, other) => one.name.localeCompare(other.name, req.language)),
    });
  }

  function showMethod(res: Response, page: FormShown & { zone?: number }): void {
    const { values } = page;
    const rows = Math.max(
      ...['maxWeight', 'minAmount', 'price'].map((name) => rowCount(values, name, MAX_RATES)),
    );
    res.render('delivery/method', { ...NO_PROBLEM, id: undefined, zone: undefined, ...page, rows });
  }

  async function read<T>(req: Request, get: (db: Kysely<Catalogue>, id: number) => Promise<T>): Promise<T> {
    const id = readId(req);
    return catalogue.readReplica(req.principal!, (db) => get(db, id));
  }

  async function save(req: Request, work: (trx: Transaction<Catalogue>) => Promise<void>): Promise<void> {
    await catalogue.transactOnce(req.principal!, req.writeId(), work);
  }

  return router;
}

interface FormShown extends Partial<FormPage> {
  id?: number;
  values: Record<string, string>;
}

function finish(req: Request, res: Response): void {
  leaveFlash(req, res, { textKey: 'shopDelivery.saved' });
  res.redirect(303, '/delivery');
}

function readId(req: Request): number {
  const id = productId.safeParse(req.params.id);
  if (!id.success) throw new DeliveryNotFoundError();
  return id.data;
}
