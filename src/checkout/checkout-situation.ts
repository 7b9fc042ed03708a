import type { Request } from 'express';
import type { Logger } from 'pino';
import { listAddresses, type Address } from '../customers/address-queries.ts';
import type { CustomerDependencies } from '../customers/customer-dependencies.ts';
import { COUNTRIES, readTyped } from '../customers/customer-forms.ts';
import { getCustomer } from '../customers/customer-queries.ts';
import type { Databases } from '../database/databases.ts';
import { getShopSettings, listDeliveryCountries, listMethodsFor } from '../delivery/delivery-queries.ts';
import { quotesFor } from '../delivery/delivery.ts';
import type { Cart } from '../orders/cart.ts';
import type { PaymentProvider, Providers } from '../payments/provider.ts';
import { amountOf, listCartItems, weightOf, type CartItem } from './cart-contents.ts';
import { CHECKOUT_FIELDS, type CheckoutValues } from './checkout-form.ts';
import { findCurrentCart } from './current-cart.ts';
import { paymentChoices, type Receiving } from './payment-choices.ts';

export interface CheckoutDependencies extends CustomerDependencies {
  providers: Providers;
  logger: Logger;
}

/** All that the page shows, as it is now. */
export interface Situation extends Receiving {
  cart: Cart;
  items: CartItem[];
  amount: number;
  weight: number;
  addresses: Address[];
  /** Those that something is delivered to. */
  countries: string[];
  values: CheckoutValues;
  payments: PaymentProvider[];
  transferText: string;
  pickUpText: string;
}

/** @returns undefined if there is nothing to order */
export async function findSituation(
  { databases, providers }: CheckoutDependencies,
  req: Request,
  typed: CheckoutValues,
): Promise<Situation | undefined> {
  const { catalogue } = databases;
  const [cart, addresses] = await Promise.all([findCurrentCart(catalogue, req), addressesOf(databases, req)]);
  if (!cart) return undefined;
  const saved = addresses.find(({ id }) => String(id) === typed.saved);
  const read = await catalogue.readPrimary(async (db) => {
    const [items, settings, listed] = await Promise.all([
      listCartItems(db, cart.id),
      getShopSettings(db),
      listDeliveryCountries(db),
    ]);
    const countries = expand(listed);
    const [first = ''] = countries;
    const country = saved?.country ?? (countries.includes(typed.country) ? typed.country : first);
    const methods = await listMethodsFor(db, { country, region: saved?.region ?? typed.region.trim() });
    return { items, settings, countries, country, methods };
  });
  const { items, settings, methods, countries } = read;
  if (items.length === 0) return undefined;
  const { transferText, pickUpText, defaultWeight, deliveryTaxRate } = settings;
  const shipment = { amount: amountOf(items), weight: weightOf(items, defaultWeight) };
  const receiving = {
    quotes: quotesFor(methods, shipment, deliveryTaxRate),
    canPickUp: pickUpText !== '',
  };
  return {
    ...{ cart, items, addresses, countries, transferText, pickUpText },
    ...receiving,
    ...shipment,
    values: withDefaults({ ...typed, country: typed.country || read.country }, receiving),
    payments: paymentChoices(providers, receiving, transferText !== ''),
  };
}

async function addressesOf({ directory }: Databases, req: Request): Promise<Address[]> {
  const { id } = req.customer;
  return id === 0 ? [] : directory.readReplica(req.customer, (db) => listAddresses(db, id));
}

/** What is known of a customer. */
export async function firstValues(databases: Databases, req: Request): Promise<CheckoutValues> {
  const empty = readTyped({}, CHECKOUT_FIELDS);
  const { id, email } = req.customer;
  if (id === 0) return { ...empty, saved: 'new' };
  const [{ name, phone }, addresses] = await Promise.all([
    databases.directory.readReplica(req.customer, (db) => getCustomer(db, id)),
    addressesOf(databases, req),
  ]);
  const [first] = addresses;
  return {
    ...empty,
    email,
    name,
    phone: phone || (first?.phone ?? ''),
    saved: first ? String(first.id) : 'new',
  };
}

/** Everywhere is every country that addresses can have. */
function expand(countries: string[]): string[] {
  const named = countries.filter((code) => code !== '');
  if (named.length === countries.length) return named;
  return [...named, ...COUNTRIES.filter((code) => !named.includes(code))];
}

/** A carrier that is left, in the zone of another address, or the only way there is. */
function withDefaults(values: CheckoutValues, { quotes, canPickUp }: Receiving): CheckoutValues {
  const keys = [...quotes.map(({ method }) => String(method.id)), ...(canPickUp ? ['pick_up'] : [])];
  const [only, ...others] = keys;
  const delivery = keys.includes(values.delivery) ? values.delivery : others.length === 0 ? (only ?? '') : '';
  return { ...values, delivery };
}
