import { randomUUID } from 'node:crypto';
import { Router, type Request, type Response } from 'express';
import { countRequest } from '../auth/request-limits.ts';
import { addAddress } from '../customers/address-queries.ts';
import { readTyped } from '../customers/customer-forms.ts';
import { snapshotOf, type DeliverySnapshot } from '../delivery/delivery-snapshot.ts';
import { regionsOf } from '../delivery/regions.ts';
import { retrying } from '../database/retrying.ts';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import { countryName } from '../http/countries.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import { setCartLine } from '../orders/cart.ts';
import { orderLink, placedKeyOf } from '../orders/order-identity.ts';
import { findPlaced, placeOrder, type PlacedOrder } from '../orders/place-order.ts';
import { lineTotal } from '../orders/prices.ts';
import { unitWord } from '../products/unit-queries.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import { listCartItems, type CartItem } from './cart-contents.ts';
import {
  CHECKOUT_FIELDS,
  checkoutState,
  destinationForm,
  seenText,
  type CheckoutState,
  type CheckoutValues,
} from './checkout-form.ts';
import { changesSince } from './checkout-changes.ts';
import {
  findSituation,
  firstValues,
  type CheckoutDependencies,
  type Situation,
} from './checkout-situation.ts';
import { changeCart, findCurrentCart } from './current-cart.ts';
import { goToPayment, withParameter } from './go-to-payment.ts';
import { readOrder, type ReadOrder } from './read-order.ts';
import { orderPath } from '../shop/order-path.ts';

/** Refusals that change what the page shows; the customer confirms it again. */
const CHANGED = ['cart_changed', 'out_of_stock', 'total_changed'];
const OTHER_REFUSALS = ['too_many_unpaid', 'order_too_large', 'unit_decimals', 'too_many_requests'];

export function checkoutRoutes(dependencies: CheckoutDependencies): Router {
  const { config, databases, jobs } = dependencies;
  const { catalogue, directory } = databases;
  const router = Router();
  const find = (req: Request, values: CheckoutValues) => findSituation(dependencies, req, values);
  const keyOf = (formKey: string) => placedKeyOf(config.SESSION_SECRET, formKey);

  for (const path of routesOf('checkout')) {
    router.get(path, async (req, res) => {
      const situation = await find(req, await firstValues(databases, req));
      if (!situation) return res.redirect(303, pathOf(req.language, 'cart'));
      show(req, res, situation, { placedKey: randomUUID() });
    });

    router.post(path, async (req, res) => {
      const state = checkoutState.parse(req.body ?? {});
      const values = readTyped(req.body, CHECKOUT_FIELDS);
      const placedKey = state.placedKey ?? randomUUID();
      const key = keyOf(placedKey);
      // A second press finds the order, and an empty cart; one at the same time, perhaps the empty cart only.
      const findOrder = () => catalogue.readPrimary((db) => findPlaced(db, key));
      if (state.step.includes(':') && !(await findOrder())) await changeLine(req, res, state.step);
      const [placed, situation] = await Promise.all([findOrder(), find(req, values)]);
      if (placed) return goOn(req, res, placed, key);
      if (!situation) {
        const order = await findOrder();
        return order ? goOn(req, res, order, key) : res.redirect(303, pathOf(req.language, 'cart'));
      }
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
    const counted = retrying(() => countRequest(directory, 'checkout', req.ip ?? ''));
    // An order may be refused before it waits for this.
    counted.catch(() => undefined);
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
      isAllowed: counted,
    });
  }

  async function goOn(req: Request, res: Response, order: PlacedOrder, key: string): Promise<void> {
    const token = req.customer.id > 0 ? undefined : orderLink(config.SESSION_SECRET, key);
    const path = withParameter(orderPath(req.language, order.number, token), 'placed', '1');
    if (order.state !== 'awaiting_payment') return res.redirect(303, path);
    await goToPayment(req, res, { ...dependencies, catalogue }, { orderId: order.id, orderPath: path });
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
