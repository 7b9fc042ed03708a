import { createCipheriv, createHmac } from 'node:crypto';
import express, { Router } from 'express';
import { REDSYS_CURRENCIES } from '../../src/config/gateways.ts';
import { KEYS } from './keys.ts';
import { readDecision, showPaymentPage } from './payment-page.ts';
import { answering, formattedAmount, type Simulated } from './simulated-gateway.ts';

interface Operation {
  version: string;
  parameters: Record<string, string>;
  /** Undefined: nobody has decided. */
  response?: string;
  refunded: number;
}

const AUTHORISED = '0000';
const REFUSED = '0190';

/** https://pagosonline.redsys.es */
export function redsysSimulator(simulated: Simulated): Router {
  const { messenger, base } = simulated;
  const operations = new Map<string, Operation>();
  const router = Router();

  router.post('/redsys/sis/realizarPago', (req, res) => {
    const {
      Ds_SignatureVersion: version,
      Ds_MerchantParameters: data,
      Ds_Signature,
    } = req.body as Record<string, string>;
    const parameters = decode(data ?? '');
    const order = parameters.DS_MERCHANT_ORDER ?? '';
    if (!/^\d{4}[\dA-Za-z]{0,8}$/.test(order)) return res.status(400).send('SIS0074');
    if (Ds_Signature !== sign(data!, { version: version!, order })) return res.status(400).send('SIS0042');
    if (operations.get(order)?.response === AUTHORISED) return res.status(400).send('SIS0051');
    operations.set(order, { version: version!, parameters, refunded: 0 });
    showPaymentPage(req, res, {
      gateway: parameters.DS_MERCHANT_PAYMETHODS === 'z' ? 'Redsys · Bizum' : 'Redsys',
      what: parameters.DS_MERCHANT_PRODUCTDESCRIPTION ?? order,
      amount: formattedAmount(Number(parameters.DS_MERCHANT_AMOUNT), 2, currencyOf(parameters)),
      action: `${base()}/redsys/decide/${order}`,
    });
  });

  router.post('/redsys/decide/:order', (req, res) => {
    const operation = operations.get(req.params.order);
    if (!operation) return res.sendStatus(404);
    const { version, parameters } = operation;
    const decision = readDecision(req);
    if (decision === 'leave') return res.redirect(303, parameters.DS_MERCHANT_URLKO!);
    operation.response = decision === 'pay' && !messenger.behaviour.refuses ? AUTHORISED : REFUSED;
    const told = answerOf(operation, { Ds_Response: operation.response, Ds_AuthorisationCode: '123456' });
    const signed = signedMessage(told, version);
    messenger.send({
      url: parameters.DS_MERCHANT_MERCHANTURL!,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(signed).toString(),
    });
    const isPaid = operation.response === AUTHORISED;
    res.redirect(303, isPaid ? parameters.DS_MERCHANT_URLOK! : parameters.DS_MERCHANT_URLKO!);
  });

  router.post('/redsys/sis/rest/trataPeticionREST', answering(simulated), (req, res) => {
    const {
      Ds_SignatureVersion: version = '',
      Ds_MerchantParameters: data = '',
      Ds_Signature,
    } = req.body as Record<string, string>;
    const asked = decode(data);
    const order = asked.DS_MERCHANT_ORDER ?? '';
    if (Ds_Signature !== sign(data, { version, order })) return res.json({ errorCode: 'SIS0042' });
    const operation = operations.get(order);
    const amount = Number(asked.DS_MERCHANT_AMOUNT);
    if (operation?.response !== AUTHORISED || asked.DS_MERCHANT_TRANSACTIONTYPE !== '3')
      return res.json({ errorCode: 'SIS0054' });
    if (operation.refunded + amount > Number(operation.parameters.DS_MERCHANT_AMOUNT))
      return res.json({ errorCode: 'SIS0057' });
    operation.refunded += amount;
    const told = answerOf(operation, {
      Ds_Response: '0900',
      Ds_TransactionType: '3',
      Ds_Amount: String(amount),
    });
    res.json(signedMessage(told, version));
  });

  router.post(
    '/redsys/apl02/services/SerClsWSConsulta',
    answering(simulated),
    express.text({ type: () => true, limit: '100kb' }),
    (req, res) => {
      const body = String(req.body);
      const version = /<Version .*<\/Version>/s.exec(body)?.[0] ?? '';
      const order = /<Ds_Order>([^<]+)/.exec(version)?.[1] ?? '';
      const signature = /<Signature>([^<]+)/.exec(body)?.[1];
      const isSigned = signature === sign(version, { version: 'HMAC_SHA256_V1', order });
      const found = operations.get(order);
      const content = !isSigned ? errorOf('XML0023') : found ? responseOf(found) : errorOf('XML0024');
      res.type('text/xml').send(envelope(content));
    },
  );
  return router;
}

function currencyOf({ DS_MERCHANT_CURRENCY }: Record<string, string>): string {
  return Object.entries(REDSYS_CURRENCIES).find(([, number]) => number === DS_MERCHANT_CURRENCY)?.[0] ?? '';
}

function answerOf({ parameters }: Operation, more: Record<string, string>): Record<string, string> {
  return {
    Ds_Date: '28%2F11%2F2026',
    Ds_Hour: '12%3A00',
    Ds_SecurePayment: '1',
    Ds_Amount: parameters.DS_MERCHANT_AMOUNT!,
    Ds_Currency: parameters.DS_MERCHANT_CURRENCY!,
    Ds_Order: parameters.DS_MERCHANT_ORDER!,
    Ds_MerchantCode: parameters.DS_MERCHANT_MERCHANTCODE!,
    Ds_Terminal: parameters.DS_MERCHANT_TERMINAL!.padStart(3, '0'),
    Ds_TransactionType: '0',
    Ds_MerchantData: encodeURIComponent(parameters.DS_MERCHANT_MERCHANTDATA ?? ''),
    ...more,
  };
}

function responseOf(operation: Operation): string {
  const { response } = operation;
  const { Ds_Order, Ds_Amount, Ds_Currency, Ds_MerchantCode } = answerOf(operation, {});
  return (
    `<Response Ds_Version="0.0"><Ds_MerchantCode>${Ds_MerchantCode}</Ds_MerchantCode><Ds_Order>${Ds_Order}</Ds_Order>` +
    `<Ds_TransactionType>0</Ds_TransactionType><Ds_Amount>${Ds_Amount}</Ds_Amount><Ds_Currency>${Ds_Currency}</Ds_Currency>` +
    `<Ds_State>${response === undefined ? 'S' : 'F'}</Ds_State>` +
    `${response === undefined ? '' : `<Ds_Response>${response}</Ds_Response>`}</Response>`
  );
}

const errorOf = (code: string) => `<ErrorMsg><Ds_ErrorCode>${code}</Ds_ErrorCode></ErrorMsg>`;

function envelope(content: string): string {
  const inner = `<Messages><Version Ds_Version="0.0"><Message>${content}</Message></Version></Messages>`;
  const escaped = inner.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return (
    '<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">' +
    '<soapenv:Body><p259:consultaOperacionesResponse xmlns:p259="http://webservices.apl02.redsys.es">' +
    `<consultaOperacionesReturn>${escaped}</consultaOperacionesReturn></p259:consultaOperacionesResponse>` +
    '</soapenv:Body></soapenv:Envelope>'
  );
}

function signedMessage(parameters: Record<string, string>, version: string): Record<string, string> {
  const data = Buffer.from(JSON.stringify(parameters)).toString('base64url');
  return {
    Ds_SignatureVersion: version,
    Ds_MerchantParameters: data,
    Ds_Signature: sign(data, { version, order: parameters.Ds_Order! }),
  };
}

function sign(data: string, { version, order }: { version: string; order: string }): string {
  const secret = KEYS.REDSYS_SECRET_KEY;
  if (version === 'HMAC_SHA512_V2') {
    const aes = createCipheriv('aes-128-cbc', secret.slice(0, 16), Buffer.alloc(16));
    return createHmac('sha512', aes.update(order, 'utf8', 'base64') + aes.final('base64'))
      .update(data)
      .digest('base64url');
  }
  const des = createCipheriv('des-ede3-cbc', Buffer.from(secret, 'base64'), Buffer.alloc(8)).setAutoPadding(
    false,
  );
  const padded = order.padEnd(Math.ceil(order.length / 8) * 8, '\0');
  return createHmac('sha256', Buffer.concat([des.update(padded), des.final()]))
    .update(data)
    .digest('base64');
}

function decode(data: string): Record<string, string> {
  try {
    return JSON.parse(Buffer.from(data, 'base64').toString()) as Record<string, string>;
  } catch {
    return {};
  }
}
