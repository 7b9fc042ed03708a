import { expect, test } from '@jest/globals';
import { fromDecimal, fromGateway, toDecimal, toGateway } from '../../src/payments/gateway-amounts.ts';
import { signedText } from '../../src/payments/paypal-signatures.ts';
import { redsysOrder } from '../../src/payments/redsys.ts';
import { readSignedMessage, signRedsys } from '../../src/payments/redsys-signatures.ts';
import { checksumOf, integrityOf, readWompiEvent } from '../../src/payments/wompi-signatures.ts';

test("signs as in Redsys's example, with HMAC_SHA512_V2", () => {
  // https://pagosonline.redsys.es/desarrolladores-inicio/documentacion-operativa/firmar-una-operacion
  const parameters =
    'eyJEU19NRVJDSEFOVF9BTU9VTlQiOiI5OTkiLCJEU19NRVJDSEFOVF9PUkRFUiI6IjEyMzQ1Njc4OTAiLCJEU19NRVJDSEFOVF9NRVJDSEFO' +
    'VENPREUiOiI5OTkwMDg4ODEiLCJEU19NRVJDSEFOVF9DVVJSRU5DWSI6Ijk3OCIsIkRTX01FUkNIQU5UX1RSQU5TQUNUSU9OVFlQRSI6IjAi' +
    'LCJEU19NRVJDSEFOVF9URVJNSU5BTCI6IjEiLCJEU19NRVJDSEFOVF9NRVJDSEFOVFVSTCI6Imh0dHA6XC9cL3d3dy5wcnVlYmEuY29tXC91' +
    'cmxOb3RpZmljYWNpb24ucGhwIiwiRFNfTUVSQ0hBTlRfVVJMT0siOiJodHRwOlwvXC93d3cucHJ1ZWJhLmNvbVwvdXJsT0sucGhwIiwiRFNf' +
    'TUVSQ0hBTlRfVVJMS08iOiJodHRwOlwvXC93d3cucHJ1ZWJhLmNvbVwvdXJsS08ucGhwIn0';
  const key = 'sq7HjrUOBfKmC576ILgskD5srU870gJ7';
  expect(signRedsys(parameters, { version: 'HMAC_SHA512_V2', key, order: '1234567890' })).toBe(
    'Vjo02eSWq249IeZZp3R-ArFnGLhKY0OuzDDlx1BuVtZDC2yhczA7_11uZhsYzLZBCMFAz8u8uzGDX3AErHKmmw',
  );
});

test("signs as in Redsys's example, with HMAC_SHA256_V1", () => {
  const parameters =
    'eyJEU19NRVJDSEFOVF9BTU9VTlQiOiIxNDUiLCJEU19NRVJDSEFOVF9PUkRFUiI6IjEiLCJEU19NRVJDSEFOVF9NRVJDSEFOVENPREUiOiI5' +
    'OTkwMDg4ODEiLCJEU19NRVJDSEFOVF9DVVJSRU5DWSI6Ijk3OCIsIkRTX01FUkNIQU5UX1RSQU5TQUNUSU9OVFlQRSI6IjAiLCJEU19NRVJD' +
    'SEFOVF9URVJNSU5BTCI6Ijg3MSIsIkRTX01FUkNIQU5UX01FUkNIQU5UVVJMIjoiIiwiRFNfTUVSQ0hBTlRfVVJMT0siOiIiLCJEU19NRVJD' +
    'SEFOVF9VUkxLTyI6IiJ9';
  const key = 'Mk9m98IfEblmPfrpsawt7BmxObt98Jev';
  expect(signRedsys(parameters, { version: 'HMAC_SHA256_V1', key, order: '1' })).toBe(
    '3TEI5WyvHf1D/whByt1ENgFH/HPIP9UFuB6LkCYgj+E=',
  );
});

test('reads messages of Redsys in both alphabets of Base64, with what is encoded in them', () => {
  const key = 'sq7HjrUOBfKmC576ILgskD5srU870gJ7';
  for (const version of ['HMAC_SHA256_V1', 'HMAC_SHA512_V2'] as const) {
    const content = JSON.stringify({
      Ds_Order: '1234ABCD',
      Ds_Hour: '12%3A18',
      DS_AMOUNT: 145,
      Ds_Text: '¿?>>',
    });
    const data = Buffer.from(content).toString('base64');
    const signature = signRedsys(data, { version, key, order: '1234ABCD' });
    for (const Ds_Signature of [signature, signature.replaceAll('+', '-').replaceAll('/', '_')]) {
      const message = { Ds_SignatureVersion: version, Ds_MerchantParameters: data, Ds_Signature };
      expect(readSignedMessage(message, key)).toEqual({
        ...{ Ds_Order: '1234ABCD', Ds_Hour: '12:18', Ds_Amount: '145', Ds_Text: '¿?>>' },
      });
    }
  }
});

test('an order number of Redsys begins with four digits, has twelve letters, and stays the same', () => {
  const orders = Array.from({ length: 2000 }, () => redsysOrder({ key: crypto.randomUUID() }));
  for (const order of orders) expect(order).toMatch(/^\d{4}[\dA-F]{8}$/);
  expect(new Set(orders).size).toBe(orders.length);
  expect(redsysOrder({ key: 'a' })).toBe(redsysOrder({ key: 'a' }));
});

test("signs as in Wompi's example of a checkout", () => {
  // https://docs.wompi.co/docs/colombia/widget-checkout-web/
  const checkout = { reference: 'sk8-438k4-xmxm392-sn2m', amountInCents: 2490000, currency: 'COP' };
  expect(integrityOf(checkout, 'prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6')).toBe(
    '37c8407747e595535433ef8f6a811d853cd943046624a0ec04662b17bbf33bf5',
  );
});

test("verifies Wompi's example of an event", () => {
  // https://docs.wompi.co/docs/colombia/eventos/. The checksum is that of the text which the page signs, computed with
  // sha256sum: the one that the page prints is of another text.
  const secret = 'prod_events_OcHnIzeBl5socpwByQ4hA52Em3USQ93Z';
  const event = {
    event: 'transaction.updated',
    data: { transaction: { id: '1234-1610641025-49201', status: 'APPROVED', amount_in_cents: 4490000 } },
    signature: {
      properties: ['transaction.id', 'transaction.status', 'transaction.amount_in_cents'],
      checksum: '5A18EC5E8FDB7DF463E9F94774CBA8F583BA21BD04A09CEFF2EA68A4BC0AEFBE',
    },
    timestamp: 1530291411,
  };
  expect(checksumOf(event, secret)).toBe(event.signature.checksum.toLowerCase());
  expect(readWompiEvent(Buffer.from(JSON.stringify(event)), secret).data).toEqual(event.data);
});

test('PayPal signs the checksum of the bytes as a decimal number', () => {
  // 123456789 is the check of CRC-32: 0xcbf43926.
  const parts = {
    id: '69cd13f0-d67a-11e5-baa3-778b53f4ae55',
    time: '2016-02-18T20:01:35Z',
    webhookId: '0EH40505U7160970P',
  };
  expect(signedText(parts, Buffer.from('123456789'))).toBe(
    '69cd13f0-d67a-11e5-baa3-778b53f4ae55|2016-02-18T20:01:35Z|0EH40505U7160970P|3421780262',
  );
});

test('amounts keep their value in the minor units of gateways', () => {
  expect(toGateway(44_900, 'COP', 2)).toBe(4_490_000);
  expect(fromGateway(4_490_000, 'COP', 2)).toBe(44_900);
  // Half a peso less than the price does not pay it.
  expect(fromGateway(4_489_950, 'COP', 2)).toBe(44_899);
  expect(toGateway(1250, 'USD', 2)).toBe(1250);
  expect(toDecimal(1250, 'EUR', 2)).toBe('12.50');
  expect(toDecimal(5, 'EUR', 2)).toBe('0.05');
  expect(toDecimal(700, 'USD', 0)).toBe('7');
  expect(() => toDecimal(750, 'USD', 0)).toThrow('no such minor units');
  expect(fromDecimal('12.5', 'USD', 2)).toBe(1250);
  expect(fromDecimal('1500', 'JPY', 0)).toBe(1500);
  for (const text of ['', '-1', '1e3', '12,50', '0x10', '1.234', ' 1', '1234567890123'])
    expect([text, fromDecimal(text, 'USD', 2)]).toEqual([text, undefined]);
});
