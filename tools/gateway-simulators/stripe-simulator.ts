import { createHmac, randomUUID } from 'node:crypto';
import { Router, type Response } from 'express';
import { KEYS } from './keys.ts';
import { readDecision, showPaymentPage } from './payment-page.ts';
import { answering, bearerOf, formattedAmount, type Simulated } from './simulated-gateway.ts';

interface Session {
  id: string;
  object: 'checkout.session';
  url: string | null;
  status: 'open' | 'complete' | 'expired';
  payment_status: 'paid' | 'unpaid';
  payment_intent: string | null;
  amount_total: number;
  currency: string;
  client_reference_id: string | null;
  metadata: Record<string, string>;
  expires_at: number;
  success_url: string;
  cancel_url: string;
  livemode: false;
}

interface Refund {
  id: string;
  object: 'refund';
  payment_intent: string;
  amount: number;
  metadata: Record<string, string>;
  status: 'succeeded';
}

interface NewSession {
  client_reference_id?: string;
  metadata?: Record<string, string>;
  expires_at: string;
  success_url: string;
  cancel_url: string;
  line_items: { quantity: string; price_data: { currency: string; unit_amount: string } }[];
}

const [SHORTEST_SECONDS, LONGEST_SECONDS] = [30 * 60, 24 * 3600];

/** https://docs.stripe.com/api */
export function stripeSimulator(simulated: Simulated): Router {
  const { messenger, base, webhookUrl } = simulated;
  const sessions = new Map<string, Session>();
  const refunds: Refund[] = [];
  const answered = new Map<string, { body: string; answer: object }>();
  const router = Router();

  const tell = (type: string, object: Session) => {
    const event = {
      ...{ id: `evt_${randomUUID().replaceAll('-', '')}`, object: 'event', type, livemode: false },
      ...{ created: now(), api_version: '2026-01-28', data: { object } },
    };
    const body = JSON.stringify(event);
    const time = now();
    const signature = createHmac('sha256', KEYS.STRIPE_WEBHOOK_SECRET)
      .update(`${time}.${body}`)
      .digest('hex');
    const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${time},v1=${signature}` };
    messenger.send({ url: webhookUrl('stripe'), headers, body });
  };

  router.use('/v1/checkout', answering(simulated));
  router.use('/v1/refunds', answering(simulated));
  router.use(['/v1/checkout', '/v1/refunds'], (req, res, next) => {
    if (bearerOf(req) !== KEYS.STRIPE_SECRET_KEY) return refuse(res, 401, 'invalid_api_key');
    const key = req.get('idempotency-key');
    const known = key && answered.get(key);
    const body = JSON.stringify(req.body ?? {});
    if (known && known.body === body) return res.set('idempotent-replayed', 'true').json(known.answer);
    if (known)
      return res.status(400).json({ error: { type: 'idempotency_error', message: 'other parameters' } });
    if (key) res.locals.remember = (answer: object) => answered.set(key, { body, answer });
    next();
  });

  router.post('/v1/checkout/sessions', (req, res) => {
    const asked = req.body as NewSession;
    const [line] = asked.line_items;
    const expires_at = Number(asked.expires_at);
    const seconds = expires_at - now();
    if (seconds < SHORTEST_SECONDS || seconds > LONGEST_SECONDS)
      return refuse(res, 400, 'parameter_invalid_integer');
    const id = `cs_test_${randomUUID().replaceAll('-', '')}`;
    const session: Session = {
      ...{ id, object: 'checkout.session', url: `${base()}/stripe/pay/${id}`, status: 'open' },
      ...{ payment_status: 'unpaid', payment_intent: null },
      amount_total: Number(line!.price_data.unit_amount) * Number(line!.quantity),
      currency: line!.price_data.currency,
      client_reference_id: asked.client_reference_id ?? null,
      metadata: asked.metadata ?? {},
      ...{ expires_at, success_url: asked.success_url, cancel_url: asked.cancel_url, livemode: false },
    };
    sessions.set(id, session);
    const answer = { ...session };
    (res.locals.remember as ((answer: object) => void) | undefined)?.(answer);
    res.json(answer);
  });
  router.get('/v1/checkout/sessions/:id', (req, res) => {
    const session = sessions.get(req.params.id);
    if (!session) return refuse(res, 404, 'resource_missing');
    const isExpanded = req.originalUrl.includes('expand');
    const hasFailed = session.status === 'complete' && session.payment_status === 'unpaid';
    const status = hasFailed ? 'requires_payment_method' : 'succeeded';
    const intent = session.payment_intent && { id: session.payment_intent, object: 'payment_intent', status };
    res.json({ ...session, payment_intent: isExpanded ? intent : session.payment_intent });
  });
  router.post('/v1/checkout/sessions/:id/expire', (req, res) => {
    const session = sessions.get(req.params.id);
    if (session?.status !== 'open') return refuse(res, 400, 'checkout_session_not_open');
    Object.assign(session, { status: 'expired', url: null });
    tell('checkout.session.expired', session);
    res.json(session);
  });
  router.get('/v1/refunds', (req, res) => {
    const data = refunds.filter(({ payment_intent }) => payment_intent === req.query.payment_intent);
    res.json({ object: 'list', data, has_more: false, url: '/v1/refunds' });
  });
  router.post('/v1/refunds', (req, res) => {
    const { payment_intent, amount, metadata } = req.body as Record<'payment_intent' | 'amount', string> &
      Pick<Refund, 'metadata'>;
    const session = [...sessions.values()].find((each) => each.payment_intent === payment_intent);
    const earlier = refunds.filter((refund) => refund.payment_intent === payment_intent);
    const sum = earlier.reduce((total, refund) => total + refund.amount, Number(amount));
    if (!session || sum > session.amount_total || messenger.behaviour.refuses)
      return refuse(res, 400, 'charge_already_refunded');
    const id = `re_${randomUUID().replaceAll('-', '')}`;
    const refund: Refund = {
      id,
      object: 'refund',
      payment_intent,
      amount: Number(amount),
      metadata,
      status: 'succeeded',
    };
    refunds.push(refund);
    (res.locals.remember as ((answer: object) => void) | undefined)?.(refund);
    res.json(refund);
  });

  router.get('/stripe/pay/:id', (req, res) => {
    const session = sessions.get(req.params.id);
    if (session?.status !== 'open') return res.sendStatus(404);
    showPaymentPage(req, res, {
      gateway: 'Stripe',
      what: session.metadata.order ?? '',
      amount: formattedAmount(session.amount_total, 2, session.currency),
      action: `${base()}/stripe/decide/${session.id}`,
    });
  });
  router.post('/stripe/decide/:id', (req, res) => {
    const session = sessions.get(req.params.id);
    if (session?.status !== 'open') return res.sendStatus(404);
    const decision = readDecision(req);
    if (decision === 'leave') return res.redirect(303, session.cancel_url);
    const isPaid = decision === 'pay' && !messenger.behaviour.refuses;
    session.payment_intent = `pi_${randomUUID().replaceAll('-', '')}`;
    Object.assign(session, { status: 'complete', url: null, payment_status: isPaid ? 'paid' : 'unpaid' });
    // Refused like a direct debit, which Stripe tells of. A refused card leaves the session open.
    tell(isPaid ? 'checkout.session.completed' : 'checkout.session.async_payment_failed', session);
    res.redirect(303, session.success_url);
  });
  return router;
}

function refuse(res: Response, status: number, code: string): void {
  res.status(status).json({ error: { type: 'invalid_request_error', code, message: code } });
}

const now = () => Math.floor(Date.now() / 1000);
