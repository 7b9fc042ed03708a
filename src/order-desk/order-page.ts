import type { Request, Response } from 'express';
import { isAdmitted } from '../auth/access.ts';
import type { Databases } from '../database/databases.ts';
import { Usernames } from '../directory/usernames.ts';
import { NO_PROBLEM, type FormPage } from '../http/save-form.ts';
import { Units, unitWord } from '../products/unit-queries.ts';
import { subtract } from '../stock/quantities.ts';
import type { LineUnit } from './order-forms.ts';
import { getOrderRecord, type OrderLine, type OrderRecord, type Parcel } from './order-page-queries.ts';
import type { OrderTasks } from './order-tasks.ts';
import {
  eventNote,
  eventText,
  isOffline,
  methodName,
  readAddress,
  readDelivery,
  trackingLink,
} from './order-texts.ts';
import { PROOF_LIMITS } from './payment-proofs.ts';
import { OrderNotFoundError } from './seen-order.ts';

export interface FailedForm extends Partial<FormPage> {
  /** Which of the forms of the page: `ship-12`. */
  form: string;
  /** What is wrong with the action and belongs to no field. */
  problem?: string;
}

export class OrderPages {
  readonly #databases: Databases;
  readonly #tasks: OrderTasks;
  readonly #usernames: Usernames;
  readonly #units: Units;

  constructor(databases: Databases, tasks: OrderTasks) {
    this.#databases = databases;
    this.#tasks = tasks;
    this.#usernames = new Usernames(databases.directory);
    this.#units = new Units(databases.catalogue);
  }

  /** @throws OrderNotFoundError */
  async read(req: Request): Promise<OrderRecord> {
    const number = readNumber(req);
    return this.#databases.catalogue.readReplica(req.principal!, (db) => getOrderRecord(db, number));
  }

  async readUnits(req: Request): Promise<LineUnit[]> {
    const [{ lines }, unitOf] = await Promise.all([this.read(req), this.#units.read(req.principal!)]);
    return lines.map(({ id, unit }) => ({ id, unit: unitOf(unit) }));
  }

  async show(req: Request, res: Response, failed?: FailedForm): Promise<void> {
    const user = req.principal!;
    const [record, unitOf, counts] = await Promise.all([
      this.read(req),
      this.#units.read(user),
      this.#tasks.read(user),
    ]);
    res.locals.orderTasks = counts;
    const { t } = req;
    const { formatMoney } = res.locals as { formatMoney: (amount: number) => string };
    const names = await this.#nameActors(req, record);
    const history = record.events.map((event, index) => ({
      ...event,
      who: names[index]!,
      text: eventText(event, record, { t, formatMoney }),
      shownNote: eventNote(event, { t, formatMoney }),
    }));
    const typed = (req.body ?? {}) as Record<string, unknown>;
    const seen = Number(typed.seen);
    const delivery = readDelivery(record.order.delivery);
    res.render('order-desk/order', {
      ...NO_PROBLEM,
      ...failed,
      ...record,
      ...moneyOf(record),
      failed: failed?.form,
      problem: failed?.problem,
      typed: (form: string, name: string, otherwise = '') =>
        failed?.form === form && typeof typed[name] === 'string' ? typed[name] : otherwise,
      history,
      // What others have done since the page was opened whose form is refused.
      newer: failed && Number.isFinite(seen) ? history.filter(({ id }) => id > seen) : [],
      seen: record.events[0]?.id ?? 0,
      address: readAddress(record.order.address, req.language),
      delivery,
      linkOf: (parcel: Parcel) => trackingLink(delivery, parcel),
      mayRefund: isAdmitted(user, 'order:refund'),
      mayManage: isAdmitted(user, 'order:manage'),
      methodName: (method: string) => methodName(method, t),
      leftToPack,
      leftToReturn,
      isOffline,
      unitOf,
      unitWord,
      proofLimits: PROOF_LIMITS,
    });
  }

  async #nameActors(req: Request, { order, lines, events }: OrderRecord): Promise<string[]> {
    const users = events.flatMap(({ actorKind, actorId }) => (actorKind === 'user' ? (actorId ?? []) : []));
    const names = await this.#usernames.find(req.principal!, users);
    const sellers = new Map(lines.map(({ seller, sellerCustomerId }) => [sellerCustomerId, seller]));
    return events.map(({ actorKind, actorId }) => {
      if (actorKind === 'user') return names.get(actorId ?? 0) ?? req.t('audit.someone');
      const seller = actorKind === 'customer' && actorId !== order.customerId && sellers.get(actorId);
      return seller || req.t(`movement.actors.${actorKind}`);
    });
  }
}

export function leftToPack({ held, inParcels }: OrderLine): number {
  return Math.max(0, subtract(held, inParcels));
}

export function leftToReturn({ shipped, returned }: OrderLine): number {
  return subtract(shipped, returned);
}

export interface OrderMoney {
  /** What has come, with what will be paid back. */
  captured: number;
  refunded: number;
  /** Of the payment that has paid the order: what can still be refunded. */
  refundable: number;
}

export function moneyOf({ payments, refunds }: Pick<OrderRecord, 'payments' | 'refunds'>): OrderMoney {
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
  const came = payments.filter(({ state }) => state === 'captured' || state === 'surplus');
  const paying = came.find(({ state }) => state === 'captured');
  const owed = refunds.filter(({ paymentId }) => paymentId === paying?.id);
  return {
    captured: sum(came.map(({ captured }) => captured ?? 0)),
    refunded: sum(refunds.map(({ amount }) => amount)),
    refundable: (paying?.captured ?? 0) - sum(owed.map(({ amount }) => amount)),
  };
}

/** @throws OrderNotFoundError for what is no number of an order */
export function readNumber({ params }: Request): string {
  const number = String(params.number).toUpperCase();
  if (!/^[0-9A-Z-]{1,20}$/.test(number)) throw new OrderNotFoundError();
  return number;
}

export function readPartId({ params }: Request): number {
  const id = String(params.id);
  if (!/^[1-9]\d{0,14}$/.test(id)) throw new OrderNotFoundError();
  return Number(id);
}
