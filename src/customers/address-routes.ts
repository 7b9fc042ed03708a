import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { countryName } from '../http/countries.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import type { Language } from '../locales/languages.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import {
  addAddress,
  AddressNotFoundError,
  changeAddress,
  deleteAddress,
  getAddress,
  listAddresses,
  type Address,
} from './address-queries.ts';
import { addressEdit, addressForm, COUNTRIES, readTyped } from './customer-forms.ts';

const addressId = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number)
  .pipe(z.number().max(4_294_967_295));
const FIELDS = Object.keys(addressForm.shape) as (keyof typeof addressForm.shape)[];

export function addressRoutes({ directory }: Databases): Router {
  const router = Router();

  for (const path of routesOf('addresses')) {
    router.get(path, async (req, res) => {
      const { id } = req.customer;
      const addresses = await directory.readReplica(req.customer, (db) => listAddresses(db, id));
      res.render('shop/account/addresses', {
        addresses,
        countryName: (code: string) => countryName(code, req.language),
      });
    });

    router.post(path, async (req, res) => {
      const { customer } = req;
      await saveForm(req, res, {
        parse: () => readForm(addressForm, req.body, req.t),
        save: (input) =>
          directory.transactOnce(customer, req.writeId(), (trx) => addAddress(trx, customer.id, input)),
        show: (page) => showForm(req, res, { ...page, values: readTyped(req.body, FIELDS) }),
        done: () => toList(req, res),
      });
    });
  }

  for (const path of routesOf('newAddress')) {
    router.get(path, (req, res) => showForm(req, res, { ...NO_PROBLEM, values: readTyped({}, FIELDS) }));
  }

  for (const path of routesOf('address')) {
    router.get(path, async (req, res) => {
      const address = await find(req);
      showForm(req, res, { ...NO_PROBLEM, values: address, id: address.id, version: address.version });
    });

    router.post(path, async (req, res) => {
      const { customer } = req;
      const id = readId(req);
      const { version } = readTyped(req.body, ['version']);
      await saveForm(req, res, {
        parse: () => readForm(addressEdit, req.body, req.t),
        save: (input) =>
          directory.transactOnce(customer, req.writeId(), (trx) =>
            changeAddress(trx, customer.id, { ...input, id }),
          ),
        show: (page) => showForm(req, res, { ...page, values: readTyped(req.body, FIELDS), id, version }),
        done: () => toList(req, res),
      });
    });
  }

  for (const path of routesOf('deleteAddress')) {
    router.get(path, async (req, res) => {
      res.render('shop/account/delete-address', { address: await find(req) });
    });

    router.post(path, async (req, res) => {
      const { customer } = req;
      const id = readId(req);
      await directory.transactOnce(customer, req.writeId(), (trx) => deleteAddress(trx, customer.id, id));
      toList(req, res);
    });
  }

  async function find(req: Request): Promise<Address> {
    const id = readId(req);
    return directory.readReplica(req.customer, (db) => getAddress(db, req.customer.id, id));
  }

  return router;
}

interface AddressPage extends FormPage {
  values: object;
  id?: number;
  version?: number | string;
}

function showForm(req: Request, res: Response, page: AddressPage): void {
  res.render('shop/account/address', {
    id: undefined,
    version: undefined,
    ...page,
    countries: countriesIn(req.language),
  });
}

function countriesIn(language: Language): { code: string; name: string }[] {
  return COUNTRIES.map((code) => ({ code, name: countryName(code, language) })).sort((one, other) =>
    one.name.localeCompare(other.name, language),
  );
}

function toList(req: Request, res: Response): void {
  res.redirect(303, pathOf(req.language, 'addresses'));
}

/** @throws AddressNotFoundError */
function readId(req: Request): number {
  const id = addressId.safeParse(req.params.id);
  if (!id.success) throw new AddressNotFoundError();
  return id.data;
}
