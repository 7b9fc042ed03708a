import { createHash, randomInt } from 'node:crypto';
import { Router } from 'express';
import { KEYS } from './keys.ts';
import { readDecision, showPaymentPage } from './payment-page.ts';
import { answering, bearerOf, formattedAmount, withQuery, type Simulated } from './simulated-gateway.ts';

interface Transaction {
  id: string;
  status: 'APPROVED' | 'DECLINED' | 'VOIDED';
  reference: string;
  amount_in_cents: number;
  currency: string;
  payment_method_type: 'CARD';
}

const SIGNED = ['transaction.id', 'transaction.status', 'transaction.amount_in_cents'];

/** https://docs.wompi.co/docs/colombia/ */
export function wompiSimulator(simulated: Simulated): Router {
  const { messenger, base, webhookUrl } = simulated;
  const transactions: Transaction[] = [];
  const router = Router();

  const tell = (transaction: Transaction) => {
    const timestamp = Math.floor(Date.now() / 1000);
    const { id, status, amount_in_cents } = transaction;
    const checksum = sha256(`${id}${status}${amount_in_cents}${timestamp}${KEYS.WOMPI_EVENTS_SECRET}`);
    const event = {
      event: 'transaction.updated',
      data: { transaction },
      environment: 'test',
      signature: { properties: SIGNED, checksum },
      timestamp,
      sent_at: new Date(timestamp * 1000).toISOString(),
    };
    const headers = { 'content-type': 'application/json', 'x-event-checksum': checksum };
    messenger.send({ url: webhookUrl('wompi'), headers, body: JSON.stringify(event) });
  };

  router.get('/wompi/p/', (req, res) => {
    const query = req.query as Record<string, string>;
    const problem = problemOf(query);
    if (problem) return res.status(422).send(problem);
    showPaymentPage(req, res, {
      gateway: 'Wompi',
      what: query.reference!,
      amount: formattedAmount(Number(query['amount-in-cents']), 2, query.currency!),
      action: `${base()}/wompi/decide?${new URLSearchParams(query).toString()}`,
    });
  });

  router.post('/wompi/decide', (req, res) => {
    const query = req.query as Record<string, string>;
    const problem = problemOf(query);
    if (problem) return res.status(422).send(problem);
    const { reference = '', currency = '', 'redirect-url': returnUrl = '' } = query;
    const decision = readDecision(req);
    if (decision === 'leave') return res.redirect(303, returnUrl);
    const isPaid = decision === 'pay' && !messenger.behaviour.refuses;
    const transaction: Transaction = {
      id: `${randomInt(1000, 9999)}-${Math.floor(Date.now() / 1000)}-${randomInt(10_000, 99_999)}`,
      status: isPaid ? 'APPROVED' : 'DECLINED',
      ...{ reference, currency, amount_in_cents: Number(query['amount-in-cents']) },
      payment_method_type: 'CARD',
    };
    transactions.push(transaction);
    tell(transaction);
    res.redirect(303, withQuery(returnUrl, { id: transaction.id, env: 'test' }));
  });

  router.use('/wompi/v1', answering(simulated), (req, res, next) => {
    if (bearerOf(req) === KEYS.WOMPI_PRIVATE_KEY) next();
    else res.status(401).json({ error: { type: 'INVALID_ACCESS_TOKEN' } });
  });
  router.get('/wompi/v1/transactions', (req, res) => {
    res.json({ data: transactions.filter(({ reference }) => reference === req.query.reference), meta: {} });
  });
  router.post('/wompi/v1/transactions/:id/void', (req, res) => {
    const transaction = transactions.find(({ id }) => id === req.params.id);
    if (transaction?.status !== 'APPROVED' || messenger.behaviour.refuses)
      return res.status(422).json({ error: { type: 'INPUT_VALIDATION_ERROR' } });
    transaction.status = 'VOIDED';
    tell(transaction);
    res.status(201).json({ data: { status: 'APPROVED', transaction } });
  });
  return router;
}

function problemOf(query: Record<string, string>): string | undefined {
  const { reference = '', currency = '', 'expiration-time': expiration = '' } = query;
  const signed = `${reference}${query['amount-in-cents']}${currency}${expiration}${KEYS.WOMPI_INTEGRITY_SECRET}`;
  if (query['public-key'] !== KEYS.WOMPI_PUBLIC_KEY) return 'public-key';
  if (query['signature:integrity'] !== sha256(signed)) return 'signature:integrity';
  if (expiration && Date.parse(expiration) <= Date.now()) return 'expiration-time';
  return undefined;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
