import { Router, type Request, type Response } from 'express';
import type { Transaction } from 'kysely';
import { isAdmitted } from '../auth/access.ts';
import type { Databases } from '../database/databases.ts';
import type { Catalogue, OrderState } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
import { leaveFlash, type Flash } from '../http/flash.ts';
import { readForm, type FormResult } from '../http/forms.ts';
import { HttpError } from '../http/http-error.ts';
import { saveForm } from '../http/save-form.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { cancelOrder } from '../orders/cancel-order.ts';
import { capturePayment } from '../orders/capture-payment.ts';
import {
  cancelParcel,
  deliverParcel,
  openParcel,
  packParcel,
  shipParcel,
  takeBack,
  type ParcelLine,
} from '../orders/parcels.ts';
import { findPaid, finishRefund, makeRefund, requestRefund } from '../orders/refunds.ts';
import { recordEvent, type Why } from '../orders/states.ts';
import {
  answerForm,
  captureForm,
  noteForm,
  readParcelForm,
  readReturnForm,
  refundForm,
  remarkForm,
  seenForm,
  shipForm,
} from './order-forms.ts';
import { leftToPack, leftToReturn, readNumber, readPartId, type OrderPages } from './order-page.ts';
import { listLines, type OrderLine } from './order-page-queries.ts';
import { isOffline, returnNote } from './order-texts.ts';
import { findProofFile, readProof, storeProof } from './payment-proofs.ts';
import { answerReturn, receiveReturn } from './return-requests.ts';
import { assertPartOf, lockSeenOrder, OrderNotFoundError, type LockedOrder } from './seen-order.ts';

/** Refusals of `src/orders` that say what is wrong with the whole action. */
const REFUSALS = [
  'order_changed',
  'stale_state',
  'not_cancellable',
  'paid_order',
  'not_shippable',
  'not_returnable',
  'return_answered',
  'payment_mismatch',
  'insufficient_stock',
];

/** Money goes back when a paid order is cancelled. */
class PaidOrderError extends DomainError {
  constructor() {
    super({ code: 'paid_order', status: 403, textKey: 'orderDesk.errors.paidOrder' });
  }
}

class TooManyError extends DomainError {
  constructor(line: number, maximum: number) {
    super({
      ...{ code: 'too_many_of_line', status: 422, textKey: 'orderDesk.errors.tooMany', values: { maximum } },
      field: `quantity.${line}`,
    });
  }
}

type Seen = { seen: number };

interface Action<Input extends Seen> {
  /** Its name on the page, where it is shown again if it is refused. */
  form: string;
  parse: () => FormResult<Input> | Promise<FormResult<Input>>;
  save: (trx: Transaction<Catalogue>, order: LockedOrder, input: Input) => Promise<void>;
  /** Besides the fields, what makes a form another one. */
  more?: () => Record<string, unknown>;
  /** What is said then; it may depend on the order's state before. */
  done: Flash['textKey'] | ((before: OrderState) => Flash['textKey']);
}

export function orderRoutes({ catalogue }: Databases, pages: OrderPages): Router {
  const router = Router();
  const uploadSlot = limited(new Semaphore(), 'orderDesk.errors.tooManyUploads');

  router.get('/orders/:number', (req, res) => pages.show(req, res));

  router.get('/orders/:number/proofs/:id', async (req, res) => {
    const number = readNumber(req);
    const id = readPartId(req);
    const file = await catalogue.readReplica(req.principal!, (db) => findProofFile(db, number, id));
    if (!file) throw new HttpError(404, 'errors.notFound');
    // As a download: what somebody has uploaded must not run as a page of ours.
    res.attachment(`${number}-${id}.${file.type}`);
    res.type(file.type).send(file.data);
  });

  router.post('/orders/:number/notes', async (req, res) => {
    await act(req, res, {
      form: 'note',
      parse: () => {
        const form = readForm(remarkForm, req.body, req.t);
        // A note does not depend on what others do.
        return form.ok ? { ok: true, data: { ...form.data, seen: Number.MAX_SAFE_INTEGER } } : form;
      },
      save: async (trx, { id, state }, { note }) => {
        await recordEvent(trx, {
          ...{ subject: 'order', id, orderId: id, from: state, to: state },
          ...whyOf(req, note),
        });
      },
      done: 'orderDesk.done.noted',
    });
  });

  router.post('/orders/:number/cancel', async (req, res) => {
    await act(req, res, {
      form: 'cancel',
      parse: () => readForm(noteForm, req.body, req.t),
      save: async (trx, { id }, { note }) => {
        if (!isAdmitted(req.principal, 'order:refund') && (await findPaid(trx, id)))
          throw new PaidOrderError();
        await cancelOrder(trx, { orderId: id, ...whyOf(req, note) });
      },
      done: (before) =>
        before === 'in_progress' ? 'orderDesk.done.restCancelled' : 'orderDesk.done.cancelled',
    });
  });

  router.post('/orders/:number/payments/:id/capture', uploadSlot, async (req, res) => {
    const id = readPartId(req);
    let proof: Awaited<ReturnType<typeof readProof>>;
    await act(req, res, {
      form: `capture-${id}`,
      parse: async () => {
        proof = await readProof(req);
        const form = readForm(captureForm, req.body, req.t);
        if (!form.ok || form.data.reference || proof.file) return form;
        return { ok: false, errors: { reference: req.t('orderDesk.errors.proofMissing') } };
      },
      more: () => ({ proof: proof.digest }),
      save: async (trx, order, { amount, reference, note }) => {
        await assertPartOf(trx, order, 'payment', id);
        const { currency } = order;
        const why = whyOf(req, [reference, note].filter(Boolean).join(' · '));
        await capturePayment(trx, { paymentId: id, amount, currency, ...why });
        const { file } = proof;
        await storeProof(trx, { paymentId: id, amount, reference, file, addedBy: req.principal!.id });
      },
      done: 'orderDesk.done.captured',
    });
  });

  router.post('/orders/:number/parcels', async (req, res) => {
    await act(req, res, {
      form: 'parcel',
      parse: async () => readParcelForm(req.body, await pages.readUnits(req), req.t),
      save: async (trx, { id }, { lines, note }) => {
        await assertLeft(trx, id, lines, leftToPack);
        await openParcel(trx, { orderId: id, lines, ...whyOf(req, note) });
      },
      done: 'orderDesk.done.opened',
    });
  });

  /** What is done to a parcel without anything to fill in. */
  const parcelAction = (
    name: 'pack' | 'deliver' | 'cancel',
    move: (trx: Transaction<Catalogue>, id: number, why: Why) => Promise<void>,
    done: Flash['textKey'],
  ) =>
    router.post(`/orders/:number/parcels/:id/${name}`, async (req, res) => {
      const id = readPartId(req);
      await act(req, res, {
        form: `parcel-${id}`,
        parse: () => readForm(seenForm, req.body, req.t),
        save: async (trx, order) => {
          await assertPartOf(trx, order, 'parcel', id);
          await move(trx, id, whyOf(req));
        },
        done,
      });
    });
  parcelAction('pack', packParcel, 'orderDesk.done.packed');
  parcelAction('deliver', deliverParcel, 'orderDesk.done.delivered');
  parcelAction('cancel', cancelParcel, 'orderDesk.done.unpacked');

  router.post('/orders/:number/parcels/:id/ship', async (req, res) => {
    const id = readPartId(req);
    await act(req, res, {
      form: `ship-${id}`,
      parse: () => readForm(shipForm, req.body, req.t),
      save: async (trx, order, { carrier, trackingNumber, note }) => {
        await assertPartOf(trx, order, 'parcel', id);
        await shipParcel(trx, { id, carrier, trackingNumber, ...whyOf(req, note) });
      },
      done: 'orderDesk.done.shipped',
    });
  });

  router.post('/orders/:number/returns', async (req, res) => {
    await act(req, res, {
      form: 'return',
      parse: async () => readReturnForm(req.body, await pages.readUnits(req), req.t),
      save: async (trx, { id }, { lines, toStock, note }) => {
        const kind = toStock === 'yes' ? 'stock' : 'aside';
        const what = await assertLeft(trx, id, lines, leftToReturn);
        await takeBack(trx, {
          ...{ orderId: id, lines, toStock: toStock === 'yes' },
          ...whyOf(req, returnNote(kind, what, note)),
        });
        await receiveReturn(trx, id);
      },
      done: 'orderDesk.done.returned',
    });
  });

  router.post('/orders/:number/returns/:id/answer', async (req, res) => {
    const id = readPartId(req);
    await act(req, res, {
      form: 'answer',
      parse: () => readForm(answerForm, req.body, req.t),
      save: (trx, order, { answer, note }) =>
        answerReturn(trx, order, { id, answer, reason: note, ...whyOf(req) }),
      done: 'orderDesk.done.answered',
    });
  });

  router.post('/orders/:number/refunds', async (req, res) => {
    await act(req, res, {
      form: 'refund',
      parse: () => readForm(refundForm, req.body, req.t),
      save: async (trx, { id }, { amount, note, line }) => {
        await makeRefund(trx, { orderId: id, amount, lineId: line, ...whyOf(req, note) });
      },
      done: 'orderDesk.done.refundMade',
    });
  });

  const refundAction = (
    name: 'request' | 'finish',
    move: (trx: Transaction<Catalogue>, id: number, why: Why) => Promise<void>,
    done: Flash['textKey'],
  ) =>
    router.post(`/orders/:number/refunds/:id/${name}`, async (req, res) => {
      const id = readPartId(req);
      await act(req, res, {
        form: `refund-${id}`,
        parse: () => readForm(noteForm, req.body, req.t),
        save: async (trx, order, { note }) => {
          await assertPartOf(trx, order, 'refund', id);
          await move(trx, id, whyOf(req, note));
        },
        done,
      });
    });
  refundAction('request', requestOnline, 'orderDesk.done.refundRequested');
  refundAction('finish', finishRefund, 'orderDesk.done.refundFinished');

  async function act<Input extends Seen>(
    req: Request,
    res: Response,
    { form, parse, save, more, done }: Action<Input>,
  ): Promise<void> {
    const user = req.principal!;
    const number = readNumber(req);
    const refuse = ({ textKey, values }: DomainError) =>
      pages.show(req, res, { form, problem: req.t(textKey, values) });
    await saveForm(req, res, {
      parse,
      save: (input) =>
        catalogue.transactOnce(user, req.writeId(more?.()), async (trx) => {
          const order = await lockSeenOrder(trx, number, input.seen);
          await save(trx, order, input);
          return order.state;
        }),
      show: (page) => pages.show(req, res, { ...page, form }),
      refusals: Object.fromEntries(REFUSALS.map((code) => [code, refuse])),
      done: (before) => {
        leaveFlash(req, res, { textKey: typeof done === 'string' ? done : done(before) });
        res.redirect(303, `/orders/${number}`);
      },
    });
  }

  return router;
}

/** A provider pays it back; what people saw coming, people pay back. */
async function requestOnline(trx: Transaction<Catalogue>, id: number, why: Why): Promise<void> {
  const { method } = await trx
    .selectFrom('refund')
    .innerJoin('payment', 'payment.id', 'refund.payment_id')
    .select('payment.method')
    .where('refund.id', '=', id)
    .executeTakeFirstOrThrow();
  if (isOffline(method)) throw new OrderNotFoundError();
  await requestRefund(trx, id, why);
}

function whyOf({ principal }: Request, note?: string): Why {
  return { actor: { kind: 'user', id: principal!.id }, note: note === '' ? undefined : note };
}

/** @returns the quantities and codes, for the history @throws TooManyError, OrderNotFoundError */
async function assertLeft(
  trx: Transaction<Catalogue>,
  orderId: number,
  wanted: ParcelLine[],
  leftOf: (line: OrderLine) => number,
): Promise<string> {
  const lines = new Map((await listLines(trx, orderId)).map((line) => [line.id, line]));
  const shown = wanted.map(({ orderLineId, quantity }) => {
    const line = lines.get(orderLineId);
    if (!line) throw new OrderNotFoundError();
    if (quantity > leftOf(line)) throw new TooManyError(orderLineId, leftOf(line));
    return `${quantity} × ${line.code}`;
  });
  return shown.join(', ');
}
