import { Router, type Request, type Response } from 'express';
import { readSender } from '../config/alerts.ts';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { loadTexts, type Texts } from '../http/i18n.ts';
import { limited, Semaphore } from '../http/semaphore.ts';
import { datesIn } from '../locales/dates.ts';
import type { Language } from '../locales/languages.ts';
import { findCurrency } from '../locales/money.ts';
import { Units } from '../products/unit-queries.ts';
import type { OrderPages } from './order-page.ts';
import type { OrderRecord } from './order-page-queries.ts';
import { makePackingSlip, makeReceipt, type PdfReader } from './order-pdfs.ts';
import { OrderNotFoundError } from './seen-order.ts';

export function pdfRoutes(config: WebConfig, { catalogue }: Databases, pages: OrderPages): Router {
  const router = Router();
  const units = new Units(catalogue);
  const slot = limited(new Semaphore(), 'errors.tooManyExports');
  let texts: Promise<Texts> | undefined;

  router.get('/orders/:number/packing-slip.pdf', slot, async (req, res) => {
    const record = await pages.read(req);
    const parcel = findParcel(req, record);
    const pdf = await makePackingSlip(record, parcel, await readerFor(req, record, req.language));
    send(res, pdf, `${req.t('orderDesk.pdf.packingSlipFile')}-${record.order.number}`);
  });

  router.get('/orders/:number/receipt.pdf', slot, async (req, res) => {
    const record = await pages.read(req);
    const reader = await readerFor(req, record, record.order.language);
    send(
      res,
      await makeReceipt(record, reader),
      `${reader.t('orderDesk.pdf.receiptFile')}-${record.order.number}`,
    );
  });

  async function readerFor(req: Request, { order }: OrderRecord, language: Language): Promise<PdfReader> {
    texts ??= loadTexts(config.CURRENCY);
    const [loaded, unitOf] = await Promise.all([texts, units.read(req.principal!)]);
    const t = loaded[language];
    return {
      ...{ t, language, unitOf },
      dates: datesIn(language, req.dates.zone),
      currency: findCurrency(order.currency) ?? config.CURRENCY,
      seller: readSender(config.MAIL_FROM ?? '')?.name || t('app.name'),
    };
  }

  return router;
}

/** @throws OrderNotFoundError */
function findParcel({ query }: Request, { parcels }: OrderRecord) {
  if (query.parcel === undefined) return undefined;
  const parcel = parcels.find(({ id }) => String(id) === query.parcel);
  if (!parcel) throw new OrderNotFoundError();
  return parcel;
}

function send(res: Response, pdf: Buffer, name: string): void {
  res.attachment(`${name}.pdf`).type('pdf').send(pdf);
}
