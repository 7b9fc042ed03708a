import { createSign, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Router, type Response } from 'express';
import { makeCertificate } from './certificate.ts';
import { KEYS } from './keys.ts';
import { readDecision, showPaymentPage } from './payment-page.ts';
import { answering, bearerOf, withQuery, type Simulated } from './simulated-gateway.ts';

interface Money {
  currency_code: string;
  value: string;
}

interface Capture {
  id: string;
  status: 'COMPLETED' | 'REFUNDED' | 'PARTIALLY_REFUNDED';
  amount: Money;
  custom_id: string;
}

interface Refund {
  id: string;
  status: 'COMPLETED';
  amount: Money;
  custom_id?: string;
}

interface Order {
  id: string;
  status: 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'COMPLETED';
  amount: Money;
  custom_id: string;
  description: string;
  return_url: string;
  cancel_url: string;
  isRefused: boolean;
  captures: Capture[];
  refunds: Refund[];
}

interface NewOrder {
  purchase_units: { custom_id: string; description: string; amount: Money }[];
  payment_source: { paypal: { experience_context: { return_url: string; cancel_url: string } } };
}

const CERTIFICATE = '/v1/notifications/certs/CERT-simulator';
const TOKEN = `token-${randomUUID()}`;

/** https://developer.paypal.com/docs/api/orders/v2/ */
export function paypalSimulator(simulated: Simulated): Router {
  const { messenger, base, webhookUrl } = simulated;
  const { privateKey, certificate } = makeCertificate('simulator');
  const orders = new Map<string, Order>();
  const answered = new Map<string, { status: number; answer: object }>();
  const router = Router();

  const tell = (event_type: string, resource: object) => {
    const event = { id: `WH-${randomUUID()}`, event_version: '1.0', event_type, resource };
    const body = JSON.stringify(event);
    const [id, time] = [randomUUID(), new Date().toISOString()];
    const text = `${id}|${time}|${KEYS.PAYPAL_WEBHOOK_ID}|${crc32(body)}`;
    const headers = {
      'content-type': 'application/json',
      'paypal-transmission-id': id,
      'paypal-transmission-time': time,
      'paypal-transmission-sig': createSign('RSA-SHA256').update(text).sign(privateKey, 'base64'),
      'paypal-cert-url': base() + CERTIFICATE,
      'paypal-auth-algo': 'SHA256withRSA',
    };
    messenger.send({ url: webhookUrl('paypal'), headers, body });
  };

  router.get(CERTIFICATE, (_req, res) => void res.type('text').send(certificate));
  router.post('/v1/oauth2/token', answering(simulated), (req, res) => {
    const expected = Buffer.from(`${KEYS.PAYPAL_CLIENT_ID}:${KEYS.PAYPAL_CLIENT_SECRET}`).toString('base64');
    if (req.get('authorization') !== `Basic ${expected}`)
      return res.status(401).json({ error: 'invalid_client' });
    res.json({ access_token: TOKEN, token_type: 'Bearer', expires_in: 32_400 });
  });

  router.use('/v2', answering(simulated), (req, res, next) => {
    if (bearerOf(req) !== TOKEN) return refuse(res, 401, 'AUTHENTICATION_FAILURE');
    const key = req.get('paypal-request-id');
    const known = key && answered.get(key);
    if (known) return res.status(known.status).json(known.answer);
    res.locals.send = (status: number, answer: object) => {
      if (key) answered.set(key, { status, answer });
      res.status(status).json(answer);
    };
    next();
  });
  const send = (res: Response, status: number, answer: object) =>
    (res.locals.send as (status: number, answer: object) => void)(status, answer);

  router.post('/v2/checkout/orders', (req, res) => {
    const { purchase_units, payment_source } = req.body as NewOrder;
    const { custom_id, description, amount } = purchase_units[0]!;
    const { return_url, cancel_url } = payment_source.paypal.experience_context;
    const order: Order = {
      ...{ id: randomUUID().replaceAll('-', '').slice(0, 17).toUpperCase(), status: 'PAYER_ACTION_REQUIRED' },
      ...{ amount, custom_id, description, return_url, cancel_url },
      ...{ isRefused: false, captures: [], refunds: [] },
    };
    orders.set(order.id, order);
    send(res, 200, shown(order, base()));
  });
  router.get('/v2/checkout/orders/:id', (req, res) => {
    const order = orders.get(req.params.id);
    if (order) res.json(shown(order, base()));
    else refuse(res, 404, 'RESOURCE_NOT_FOUND');
  });
  router.post('/v2/checkout/orders/:id/capture', (req, res) => {
    const order = orders.get(req.params.id);
    if (!order) return refuse(res, 404, 'RESOURCE_NOT_FOUND');
    if (order.status === 'COMPLETED') return refuse(res, 422, 'ORDER_ALREADY_CAPTURED');
    if (order.status !== 'APPROVED') return refuse(res, 422, 'ORDER_NOT_APPROVED');
    if (order.isRefused) return refuse(res, 422, 'INSTRUMENT_DECLINED');
    const { amount, custom_id } = order;
    const capture: Capture = { id: `CAP-${order.id}`, status: 'COMPLETED', amount, custom_id };
    order.status = 'COMPLETED';
    order.captures.push(capture);
    send(res, 201, shown(order, base()));
    tell('PAYMENT.CAPTURE.COMPLETED', {
      ...capture,
      supplementary_data: { related_ids: { order_id: order.id } },
    });
  });
  router.post('/v2/payments/captures/:id/refund', (req, res) => {
    const order = [...orders.values()].find(({ captures }) =>
      captures.some(({ id }) => id === req.params.id),
    );
    if (!order) return refuse(res, 404, 'RESOURCE_NOT_FOUND');
    const { amount, custom_id } = req.body as Pick<Refund, 'amount'> & { custom_id?: string };
    const sum = order.refunds.reduce(
      (total, refund) => total + Number(refund.amount.value),
      Number(amount.value),
    );
    if (sum > Number(order.amount.value) || messenger.behaviour.refuses)
      return refuse(res, 422, 'REFUND_AMOUNT_EXCEEDED');
    const refund: Refund = {
      id: `REF-${randomUUID()}`,
      status: 'COMPLETED',
      amount,
      ...(custom_id && { custom_id }),
    };
    order.refunds.push(refund);
    order.captures[0]!.status = sum === Number(order.amount.value) ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
    send(res, 201, refund);
  });

  router.get('/paypal/pay/:id', (req, res) => {
    const order = orders.get(req.params.id);
    if (order?.status !== 'PAYER_ACTION_REQUIRED') return res.sendStatus(404);
    const { value, currency_code } = order.amount;
    showPaymentPage(req, res, {
      gateway: 'PayPal',
      what: order.description,
      amount: `${value} ${currency_code}`,
      action: `${base()}/paypal/decide/${order.id}`,
    });
  });
  router.post('/paypal/decide/:id', (req, res) => {
    const order = orders.get(req.params.id);
    if (order?.status !== 'PAYER_ACTION_REQUIRED') return res.sendStatus(404);
    const decision = readDecision(req);
    if (decision === 'leave') return res.redirect(303, withQuery(order.cancel_url, { token: order.id }));
    order.status = 'APPROVED';
    order.isRefused = decision === 'refuse' || messenger.behaviour.refuses;
    tell('CHECKOUT.ORDER.APPROVED', shown(order, base()));
    res.redirect(303, withQuery(order.return_url, { token: order.id, PayerID: 'SIMULATOR' }));
  });
  return router;
}

function shown({ id, status, amount, custom_id, captures, refunds }: Order, base: string): object {
  return {
    ...{ id, status, intent: 'CAPTURE' },
    purchase_units: [{ reference_id: 'default', amount, custom_id, payments: { captures, refunds } }],
    links: [{ rel: 'payer-action', href: `${base}/paypal/pay/${id}`, method: 'GET' }],
  };
}

function refuse(res: Response, status: number, issue: string): void {
  res.status(status).json({ name: 'REFUSED', details: [{ issue }] });
}
