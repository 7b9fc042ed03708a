import { randomUUID } from 'node:crypto';
import { Router, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import { countRequest } from '../auth/request-limits.ts';
import { addAddress, listAddresses, type Address } from '../customers/address-queries.ts';
import type { CustomerDependencies } from '../customers/customer-dependencies.ts';
import { COUNTRIES, readTyped } from '../customers/customer-forms.ts';
import { getCustomer } from '../customers/customer-queries.ts';
import { listDeliveryCountries, listMethodsFor, getShopSettings } from '../delivery/delivery-queries.ts';
import { snapshotOf, type DeliverySnapshot } from '../delivery/delivery-snapshot.ts';
import { quotesFor } from '../delivery/delivery.ts';
import { regionsOf } from '../delivery/regions.ts';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import { countryName } from '../http/countries.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { setCartLine, type Cart } from '../orders/cart.ts';
import { orderLink, placedKeyOf } from '../orders/order-identity.ts';
import { findPlaced, placeOrder, type PlacedOrder } from '../orders/place-order.ts';
import { lineTotal } from '../orders/prices.ts';
import type { PaymentProvider, Providers } from '../payments/provider.ts';
import { unitWord } from '../products/unit-queries.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import { amountOf, listCartItems, weightOf, type CartItem } from './cart-contents.ts';
import {
  CHECKOUT_FIELDS,
  checkoutState,
  contactForm,
  customerContactForm,
  destinationForm,
  seenText,
  type CheckoutState,
  type CheckoutValues,
} from './checkout-form.ts';
import { changesSince } from './checkout-changes.ts';
import { changeCart, findCurrentCart } from './current-cart.ts';
import { goToPayment, withParameter } from './go-to-payment.ts';
import { orderPath } from '../shop/order-path.ts';
import { isPayable, paymentChoices, type Delivery, type Receiving } from './payment-choices.ts';

export interface CheckoutDependencies extends CustomerDependencies {
  providers: Providers;
  logger: Logger;
}

/** All that the page shows, as it is now. */
interface Situation extends Receiving {
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

/** What is ordered, of which nothing comes from the browser but the customer's own data. */
interface ReadOrder {
  contact: { email: string; name: string; phone: string };
  address: object | null;
  isNewAddress: boolean;
  way: Delivery;
  provider: PaymentProvider;
}

/** Refusals that change what the page shows; the customer confirms it again. */
const CHANGED = ['cart_changed', 'out_of_stock', 'total_changed'];
const OTHER_REFUSALS = ['too_many_unpaid', 'order_too_large', 'unit_decimals', 'too_many_requests'];

export function checkoutRoutes(dependencies: CheckoutDependencies): Router {
  const { config, databases, providers, jobs } = dependencies;
  const { catalogue, directory } = databases;
  const router = Router();
  const keyOf = (formKey: string) => placedKeyOf(config.SESSION_SECRET, formKey);

  for (const path of routesOf('checkout')) {
    router.get(path, async (req, res) => {
      const situation = await find(req, await firstValues(req));
      if (!situation) return res.redirect(303, pathOf(req.language, 'cart'));
      show(req, res, situation, { placedKey: randomUUID() });
    });

    router.post(path, async (req, res) => {
      const state = checkoutState.parse(req.body ?? {});
      const values = readTyped(req.body, CHECKOUT_FIELDS);
      const placedKey = state.placedKey ?? randomUUID();
      const key = keyOf(placedKey);
      // A second press finds the order, and an empty cart.
      const placed = await catalogue.readPrimary((db) => findPlaced(db, key));
      if (placed) return goOn(req, res, placed, key);
      if (state.step.includes(':')) await changeLine(req, res, state.step);
      const situation = await find(req, values);
      if (!situation) return res.redirect(303, pathOf(req.language, 'cart'));
      if (state.step !== 'order') return show(req, res, situation, { placedKey });
      if (state.website !== '') return res.redirect(303, pathOf(req.language, 'home'));

      const refuse = async ({ code, textKey, values: given, retryAfterSeconds }: DomainError) => {
        if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
        const problem = CHANGED.includes(code) ? undefined : req.t(textKey, given);
        show(req, res, (await find(req, values)) ?? situation, { placedKey, state, problem });
      };
      await saveForm(req, res, {
        parse: () => readOrder(req, situation),
        save: (order) => place(req, situation, { order, state, key }),
        show: (page) => show(req, res, situation, { placedKey, page }),
        refusals: Object.fromEntries([...CHANGED, ...OTHER_REFUSALS].map((code) => [code, refuse])),
        done: async (order, input) => {
          jobs.wakeOutbox();
          await keepAddress(req, situation, input);
          await goOn(req, res, order, key);
        },
      });
    });
  }

  async function place(
    req: Request,
    { cart, items, weight, pickUpText }: Situation,
    { order, state, key }: { order: ReadOrder; state: CheckoutState; key: string },
  ): Promise<PlacedOrder> {
    const { contact, address, way, provider } = order;
    await countRequest(directory, 'checkout', req.ip ?? '');
    const seenOf = ({ productId, quantity }: CartItem) =>
      lineTotal(quantity, state.seenPrices.get(productId) ?? 0);
    const seenItems = items.reduce((sum, item) => sum + seenOf(item), 0);
    const seenDelivery = way.kind === 'pick_up' ? 0 : (state.seenDelivery.get(way.quote.method.id) ?? NaN);
    const method: DeliverySnapshot =
      way.kind === 'pick_up' ? { kind: 'pick_up', place: pickUpText } : snapshotOf(way.quote.method, weight);
    return placeOrder(catalogue, req.customer, {
      placedKey: key,
      cart: { id: cart.id, version: state.cartVersion },
      seenPrices: state.seenPrices,
      seenTotal: seenItems + seenDelivery,
      customerId: req.customer.id || null,
      contact: { ...contact, language: req.language },
      address,
      delivery: way.kind === 'pick_up' ? { price: 0, tax: 0, method } : { ...way.quote, method },
      provider,
      currency: config.CURRENCY.code,
      link: orderLink(config.SESSION_SECRET, key),
    });
  }

  async function goOn(req: Request, res: Response, order: PlacedOrder, key: string): Promise<void> {
    const token = req.customer.id > 0 ? undefined : orderLink(config.SESSION_SECRET, key);
    const path = withParameter(orderPath(req.language, order.number, token), 'placed', '1');
    await goToPayment(req, res, { ...dependencies, catalogue }, { orderId: order.id, orderPath: path });
  }

  /** @returns undefined if there is nothing to order */
  async function find(req: Request, typed: CheckoutValues): Promise<Situation | undefined> {
    const [cart, addresses] = await Promise.all([findCurrentCart(catalogue, req), addressesOf(req)]);
    if (!cart) return undefined;
    const saved = addresses.find(({ id }) => String(id) === typed.saved);
    const read = await catalogue.readPrimary(async (db) => {
      const items = await listCartItems(db, cart.id);
      const settings = await getShopSettings(db);
      const countries = expand(await listDeliveryCountries(db));
      const country = saved?.country ?? (typed.country || (countries[0] ?? ''));
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

  async function addressesOf(req: Request): Promise<Address[]> {
    const { id } = req.customer;
    return id === 0 ? [] : directory.readReplica(req.customer, (db) => listAddresses(db, id));
  }

  async function firstValues(req: Request): Promise<CheckoutValues> {
    const empty = readTyped({}, CHECKOUT_FIELDS);
    const { id, email } = req.customer;
    if (id === 0) return { ...empty, saved: 'new' };
    const [{ name, phone }, addresses] = await Promise.all([
      directory.readReplica(req.customer, (db) => getCustomer(db, id)),
      addressesOf(req),
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

  /** What the buttons beside a line do that cannot be had as it is. */
  async function changeLine(req: Request, res: Response, step: string): Promise<void> {
    const [what, id] = step.split(':');
    const cart = await findCurrentCart(catalogue, req);
    if (!cart) return;
    const items = await catalogue.readPrimary((db) => listCartItems(db, cart.id));
    const item = items.find(({ productId }) => productId === Number(id));
    if (!item) return;
    const quantity = what === 'keep' ? Math.min(item.quantity, item.available) : 0;
    await changeCart(catalogue, req, res, (trx, cartId) =>
      setCartLine(trx, cartId, { productId: item.productId, quantity }),
    );
  }

  function readOrder(
    req: Request,
    { values, addresses, quotes, canPickUp, payments, transferText }: Situation,
  ): FormResult<ReadOrder> {
    const errors: Record<string, string> = {};
    const isCustomer = req.customer.id > 0;
    const contact = readForm(isCustomer ? customerContactForm : contactForm, values, req.t);
    if (!contact.ok) Object.assign(errors, contact.errors);

    const quote = quotes.find(({ method }) => String(method.id) === values.delivery);
    const isPickedUp = canPickUp && values.delivery === 'pick_up';
    const way: Delivery | undefined = isPickedUp ? { kind: 'pick_up' } : quote && { kind: 'delivery', quote };
    const saved = addresses.find(({ id }) => String(id) === values.saved);
    const destination = saved || isPickedUp ? undefined : readForm(destinationForm, values, req.t);
    if (destination && !destination.ok) Object.assign(errors, destination.errors);
    if (!way) errors.delivery = req.t('shopCheckout.errors.delivery');

    const provider = payments.find(({ name }) => name === values.payment);
    if (!provider) errors.payment = req.t('shopCheckout.errors.payment');
    else if (way && !isPayable(provider, way, transferText !== ''))
      errors.payment = req.t('shopCheckout.errors.paymentForDelivery');

    if (Object.keys(errors).length > 0 || !contact.ok || !way || !provider) return { ok: false, errors };
    const given = { email: req.customer.email, ...contact.data };
    return {
      ok: true,
      data: {
        ...{ contact: given, way, provider },
        address: isPickedUp ? null : addressOf(given, saved, destination?.ok ? destination.data : undefined),
        isNewAddress: destination?.ok === true,
      },
    };
  }

  /** For the next order of a customer who wants it. The order is placed, whatever becomes of it. */
  async function keepAddress(req: Request, { values }: Situation, order: ReadOrder): Promise<void> {
    const { customer } = req;
    if (customer.id === 0 || !order.isNewAddress || values.keepAddress === '') return;
    const { country, region, municipality, street, postalCode, directions, recipient } =
      destinationForm.parse(values);
    const { phone, name } = order.contact;
    const address = { country, region, municipality, street, postalCode, directions, phone };
    try {
      await directory.transactOnce(customer, req.writeId({ keptAddress: true }), (trx) =>
        addAddress(trx, customer.id, { ...address, name: recipient || name }),
      );
    } catch (error) {
      if (!isDomainError(error)) dependencies.logger.warn({ err: error }, 'address not kept');
    }
  }

  function show(
    req: Request,
    res: Response,
    situation: Situation,
    more: { placedKey: string; page?: FormPage; state?: CheckoutState; problem?: string | undefined },
  ): void {
    const { cart, items, quotes, countries, amount, canPickUp } = situation;
    const { placedKey, state, page = NO_PROBLEM, problem } = more;
    const changes = state ? changesSince(state, situation, req) : [];
    res.locals.cartCount = items.length;
    const ways = [
      ...quotes.map(({ method, price }) => ({
        key: String(method.id),
        method,
        price,
        total: amount + price,
      })),
      ...(canPickUp ? [{ key: 'pick_up', method: undefined, price: 0, total: amount }] : []),
    ];
    res.render('shop/checkout', {
      ...page,
      ...situation,
      ...{ ways, changes, problem, placedKey },
      hasChanged: state !== undefined && problem === undefined,
      cartVersion: cart.version,
      seenPrices: seenText(items.map(({ productId, price }) => [productId, price])),
      seenDelivery: seenText(quotes.map(({ method, price }) => [method.id, price])),
      tax: items.reduce((sum, item) => sum + item.tax, 0),
      countries: countries
        .map((code) => ({ code, name: countryName(code, req.language) }))
        .sort((one, other) => one.name.localeCompare(other.name, req.language)),
      regions: regionsOf(countries),
      isGuest: req.customer.id === 0,
      unitWord,
      countryName: (code: string) => countryName(code, req.language),
    });
  }

  return router;
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

function addressOf(
  { name, phone }: { name: string; phone: string },
  saved: Address | undefined,
  typed: ReturnType<typeof destinationForm.parse> | undefined,
): object | null {
  if (saved) {
    const { country, region, municipality, street, postalCode, directions } = saved;
    return {
      ...{ name: saved.name, phone: saved.phone, country, region, municipality, street },
      ...{ postalCode, directions },
    };
  }
  if (!typed) return null;
  const { recipient, ...place } = typed;
  return { name: recipient || name, phone, ...place };
}
