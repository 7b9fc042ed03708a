import { expect, test } from '@jest/globals';
import { ORDER_MAILS, type OrderMailData } from '../../src/checkout/order-mails.ts';
import { LANGUAGES } from '../../src/locales/languages.ts';
import { MAIL_TEMPLATES } from '../../src/mail-templates.ts';
import { MailWriter } from '../../src/mail/mail-writer.ts';
import { orderLink } from '../../src/orders/order-identity.ts';
import { MAILS, type Mail } from '../../src/orders/order-mail.ts';
import { webConfig } from '../support/web-config.ts';

const ejemplar = { code: 'ejemplar', singular: 'ejemplar', plural: 'ejemplares', decimals: 0 };

const DATA: OrderMailData = {
  number: 'K7XM-2QPD',
  placedKey: 'de305d54-75b4-431b-adb2-eb6b9e546014',
  lines: [{ name: 'Rayuela <1>', quantity: 2, unit: ejemplar, total: 2500 }],
  ...{ deliveryTotal: 300, taxTotal: 268, total: 2800, method: 'bank_transfer', amount: 450 },
  ...{ instructions: 'Banco Uno\nCuenta 22', until: '1 dic 2026, 10:00', pickUpPlace: '' },
  ...{ carrier: 'DHL', trackingNumber: 'EC1', trackingLink: 'https://dhl.example/?id=EC1' },
};

/** What each tells besides the number of the order. */
const TOLD: Record<Mail, string[]> = {
  placed: ['28', 'Banco Uno', 'Cuenta 22', '1 dic 2026, 10:00', 'Rayuela <1>', '2 ejemplares'],
  confirmed: ['28', 'Rayuela <1>'],
  paid: ['28', 'Rayuela <1>'],
  expired: [],
  cancelled: [],
  shipped: ['DHL', 'EC1', 'https://dhl.example/?id=EC1'],
  refund_due: ['4,50|4.50'],
  refunded: ['4,50|4.50'],
};

async function write(kind: Mail, language: (typeof LANGUAGES)[number], data = DATA) {
  const config = { ...(await webConfig()), PUBLIC_URL: 'https://tienda.example', SESSION_SECRET: 'secret' };
  const writer = await MailWriter.create(config, MAIL_TEMPLATES);
  return writer.write({ language, template: ORDER_MAILS[kind].name, data });
}

test.each(MAILS)('says what has happened, in the language of the customer: %s', async (kind) => {
  const texts = [];
  for (const language of LANGUAGES) {
    const { subject, text, html } = await write(kind, language);
    expect(subject).toContain('K7XM-2QPD');
    for (const told of TOLD[kind])
      expect([told, text]).toEqual([told, expect.stringMatching(patternOf(told))]);
    const base = language === 'es' ? '/tienda/pedidos' : '/shop/orders';
    const link = `https://tienda.example${base}/K7XM-2QPD?t=${orderLink('secret', DATA.placedKey!)}`;
    expect(text).toContain(link);
    expect(html).toContain(link);
    expect(html).not.toContain('<1>');
    texts.push(subject);
  }
  expect(new Set(texts).size).toBe(2);
});

function patternOf(text: string): RegExp {
  return new RegExp(
    text
      .split('|')
      .map((part) => part.replace(/[.*+?^${}()[\]\\]/g, '\\$&'))
      .join('|'),
  );
}

test('a customer with an account logs in: the e-mail has no secret', async () => {
  const { text } = await write('paid', 'es', { ...DATA, placedKey: null });
  expect(text).toContain('https://tienda.example/tienda/pedidos/K7XM-2QPD\n');
});

test('what is picked up says where', async () => {
  const { text } = await write('confirmed', 'en', { ...DATA, pickUpPlace: 'Av. Larga 1\n9:00 a 19:00' });
  expect(text).toMatch(/You can pick it up here:\s+Av\. Larga 1\s+9:00 a 19:00/);
});

test('what is picked up is not on its way: it is ready, and the e-mail says where', async () => {
  const data = { ...DATA, pickUpPlace: 'Av. Larga 1' };
  const es = await write('shipped', 'es', data);
  expect(es.subject).toBe('Puede recoger su pedido K7XM-2QPD');
  expect(es.text).toMatch(/está listo\.\s+Puede recogerlo aquí:\s+Av\. Larga 1/);
  const en = await write('shipped', 'en', data);
  expect(en.subject).toBe('Your order K7XM-2QPD is ready for pick-up');
  expect(en.text).not.toMatch(/on its way|DHL/);
});
