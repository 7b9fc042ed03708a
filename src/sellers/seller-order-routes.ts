import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { DomainError } from '../errors/domain-error.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm, type FormPage } from '../http/save-form.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { readAddress, readDelivery, trackingLink } from '../order-desk/order-texts.ts';
import { shipParcel } from '../orders/parcels.ts';
import { optionalText } from '../products/field-rules.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import { pathOf, routesOf } from '../shop/shop-paths.ts';
import {
  assertOwnParcel,
  countToShip,
  getSellerOrder,
  listSellerOrders,
  SellerOrderNotFoundError,
} from './seller-order-queries.ts';
import { changeAsSeller, readAsSeller } from './seller-queries.ts';

const listQuery = z.object({
  before: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
});
const pageQuery = z.object({ saved: z.enum(['shipped']).optional().catch(undefined) });
const shipForm = z.object({
  carrier: optionalText(50, 'orderDesk.errors.carrierLength'),
  trackingNumber: optionalText(100, 'orderDesk.errors.trackingLength'),
});
const typedText = z.string().catch('');

/** What cannot be shipped, with what is wrong. */
const REFUSALS = ['not_shippable', 'stale_state', 'insufficient_stock'];

interface OrderPage extends Partial<FormPage> {
  /** The parcel whose form is refused. */
  parcel?: number;
  problem?: string;
}

export function sellerOrderRoutes({ catalogue }: Databases, jobs: Jobs): Router {
  const router = Router();
  const units = new Units(catalogue);

  for (const path of routesOf('sellOrders')) {
    router.get(path, async (req, res) => {
      const { before } = listQuery.parse(req.query);
      const page = await readAsSeller(catalogue, req, async (db, { id }) => ({
        ...(await listSellerOrders(db, id, before)),
        toShip: await countToShip(db, id),
      }));
      res.render('shop/sell/orders', { ...page, before });
    });
  }

  for (const path of routesOf('sellOrder')) {
    router.get(path, (req, res) => show(req, res));
  }

  for (const path of routesOf('shipSellOrder')) {
    router.get(path, (req, res) => res.redirect(303, orderPath(req)));

    router.post(path, async (req, res) => {
      const parcel = { id: parcelOf(req), number: numberOf(req) };
      const refuse = ({ textKey, values }: DomainError) =>
        show(req, res, { parcel: parcel.id, problem: req.t(textKey, values) });
      await saveForm(req, res, {
        parse: () => readForm(shipForm, req.body, req.t),
        save: (shipment) =>
          changeAsSeller(catalogue, req, async (trx, { id }) => {
            await assertOwnParcel(trx, id, parcel);
            const actor = { kind: 'customer', id: req.customer.id } as const;
            await shipParcel(trx, { id: parcel.id, ...shipment, actor });
          }),
        show: (page) => show(req, res, { ...page, parcel: parcel.id }),
        refusals: Object.fromEntries(REFUSALS.map((code) => [code, refuse])),
        done: () => {
          jobs.wakeOutbox();
          res.redirect(303, `${orderPath(req)}?saved=shipped`);
        },
      });
    });
  }

  async function show(req: Request, res: Response, page: OrderPage = {}): Promise<void> {
    const number = numberOf(req);
    const [order, unitOf] = await Promise.all([
      readAsSeller(catalogue, req, (db, { id }) => getSellerOrder(db, id, number)),
      units.read(req.customer),
    ]);
    const delivery = readDelivery(order.delivery);
    const { carrier, trackingNumber } = (req.body ?? {}) as Record<string, unknown>;
    res.render('shop/sell/order', {
      ...NO_PROBLEM,
      ...{ parcel: undefined, problem: undefined },
      ...page,
      order,
      saved: pageQuery.parse(req.query).saved,
      address: readAddress(order.address, req.language),
      delivery,
      typed: {
        carrier: page.parcel === undefined ? delivery.carrier : typedText.parse(carrier),
        trackingNumber: typedText.parse(trackingNumber),
      },
      linkOf: (sent: { carrier: string; trackingNumber: string }) => trackingLink(delivery, sent),
      unitOf,
      unitWord,
    });
  }

  return router;
}

/** @throws SellerOrderNotFoundError for what is no number of an order */
function numberOf({ params }: Request): string {
  const number = String(params.number).toUpperCase();
  if (!/^[0-9A-Z-]{1,20}$/.test(number)) throw new SellerOrderNotFoundError();
  return number;
}

function parcelOf({ params }: Request): number {
  const id = String(params.id);
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new SellerOrderNotFoundError();
  return Number(id);
}

function orderPath(req: Request): string {
  return pathOf(req.language, 'sellOrder', { number: numberOf(req) });
}
