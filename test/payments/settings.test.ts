import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { alertSettings } from '../../src/config/alerts.ts';
import { currencySettings } from '../../src/config/currency.ts';
import { gatewaySettings, needWholeGateways } from '../../src/config/gateways.ts';
import { readSettings, SettingsError } from '../../src/config/settings.ts';
import { allProviders } from '../../src/payments/all-providers.ts';
import { providerOf } from '../../src/payments/provider.ts';
import { returnPath } from '../../src/shop/payment-return.ts';
import { KEYS, simulatorSettings } from '../../tools/gateway-simulators/keys.ts';

const settings = z
  .object({ PUBLIC_URL: alertSettings.PUBLIC_URL, ...currencySettings, ...gatewaySettings })
  .superRefine(needWholeGateways);

function problemOf(environment: Record<string, string>): string {
  try {
    readSettings(settings, environment);
    return '';
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message;
  }
}

const keysOf = (gateway: string) =>
  Object.fromEntries(Object.entries(KEYS).filter(([name]) => name.startsWith(gateway)));
const SITE = { PUBLIC_URL: 'https://tienda.example.com' };
const CURRENCIES = { WOMPI: 'COP', REDSYS: 'EUR', STRIPE: 'USD', PAYPAL: 'EUR' };

test.each(Object.entries(CURRENCIES))(
  '%s works with all of its settings, and with none',
  (gateway, CURRENCY) => {
    expect(problemOf({ ...SITE, ...keysOf(gateway), CURRENCY })).toBe('');
    expect(problemOf({})).toBe('');
  },
);

const ONE_MISSING = Object.entries(CURRENCIES).flatMap(([gateway, CURRENCY]) =>
  Object.keys(keysOf(gateway))
    .filter((name) => name !== 'REDSYS_BIZUM')
    .map((missing) => ({ gateway, CURRENCY, missing })),
);

test.each(ONE_MISSING)(
  '$gateway without $missing is refused, and the message says so',
  ({ gateway, CURRENCY, missing }) => {
    const keys = Object.entries(keysOf(gateway)).filter(([name]) => name !== missing);
    const environment = { ...SITE, ...Object.fromEntries(keys), CURRENCY };
    expect(problemOf(environment)).toMatch(
      new RegExp(`^${missing} is not set; it must be .+, as ${gateway}_\\w+ is set`),
    );
  },
);

test.each([
  [
    { ...keysOf('STRIPE') },
    /^PUBLIC_URL is not set; it must be the address that people open, as STRIPE_SECRET_KEY is set/,
  ],
  [{ ...SITE, ...keysOf('WOMPI'), CURRENCY: 'USD' }, /^CURRENCY is "USD"; it must be one of COP, as WOMPI_/],
  [{ ...SITE, ...keysOf('PAYPAL'), CURRENCY: 'COP' }, /^CURRENCY is "COP"; it must be one of AUD, /],
  [
    { ...SITE, ...keysOf('REDSYS'), REDSYS_BIZUM: 'off', CURRENCY: 'COP' },
    /^CURRENCY is "COP"; it must be one of EUR, /,
  ],
  [
    { ...SITE, ...keysOf('REDSYS'), CURRENCY: 'USD' },
    /^CURRENCY is "USD"; it must be EUR, as REDSYS_BIZUM is on/,
  ],
  [{ ...SITE, REDSYS_BIZUM: 'on', CURRENCY: 'EUR' }, /^REDSYS_MERCHANT_CODE is not set/],
  [
    { ...SITE, ...keysOf('REDSYS'), REDSYS_MODE: 'real', CURRENCY: 'EUR' },
    /^REDSYS_MODE is "real"; it must be test or live/,
  ],
  [
    { ...SITE, ...keysOf('WOMPI'), WOMPI_PRIVATE_KEY: 'prv_prod_12345678', CURRENCY: 'COP' },
    /WOMPI_PUBLIC_KEY is "pub_test_simulator"; it must be for live payments, as the other settings of Wompi are/,
  ],
  [
    { ...keysOf('STRIPE'), STRIPE_SECRET_KEY: 'sk_live_12345678', PUBLIC_URL: 'http://tienda.example.com' },
    /^PUBLIC_URL is "http:\/\/tienda.example.com"; it must be an address with https:\/\/, as STRIPE_SECRET_KEY/,
  ],
  [
    { ...SITE, ...keysOf('PAYPAL'), PAYPAL_MODE: 'live', GATEWAY_SIMULATOR: 'http://127.0.0.1:1' },
    /^GATEWAY_SIMULATOR is "http:\/\/127.0.0.1:1"; it must be not set, as PAYPAL_CLIENT_ID is for live payments/,
  ],
  [
    { GATEWAY_SIMULATOR: 'https://example.com' },
    /^GATEWAY_SIMULATOR is "https:\/\/example.com"; it must be the address/,
  ],
])('says what is missing or wrong: %j', (environment, message) => {
  expect(problemOf(environment)).toMatch(message);
});

test('a message repeats no secret', () => {
  for (const name of [
    'WOMPI_PRIVATE_KEY',
    'WOMPI_EVENTS_SECRET',
    'REDSYS_SECRET_KEY',
    'STRIPE_SECRET_KEY',
    'PAYPAL_CLIENT_SECRET',
  ])
    expect(problemOf({ [name]: 'a bad value' })).toMatch(
      new RegExp(`^${name} is not acceptable; it must be `),
    );
});

function providersOf(environment: Record<string, string>) {
  return allProviders(readSettings(settings, environment), returnPath);
}

test('each gateway with settings is a method to pay, and no other', () => {
  const OFFLINE = ['bank_transfer', 'cash_on_delivery', 'pick_up'];
  expect([...providersOf({}).keys()]).toEqual(OFFLINE);
  expect([
    ...providersOf({ ...SITE, ...keysOf('REDSYS'), CURRENCY: 'EUR', REDSYS_BIZUM: 'off' }).keys(),
  ]).toEqual([...OFFLINE, 'redsys']);
  for (const [currency, methods] of [
    ['COP', ['wompi', 'stripe']],
    ['EUR', ['redsys', 'bizum', 'stripe', 'paypal']],
    ['CLP', ['stripe']],
    ['USD', ['redsys', 'stripe', 'paypal']],
  ] as const) {
    const simulated = simulatorSettings('http://127.0.0.1:8082', currency);
    const providers = providersOf({ ...SITE, ...simulated, CURRENCY: currency });
    expect([...providers.keys()]).toEqual([...OFFLINE, ...methods]);
  }
});

test('keys for tests lead to the pages for tests, live ones to the live pages', async () => {
  const pageOf = async (name: string, currency: string, keys: Record<string, string>) => {
    const providers = providersOf({ ...SITE, CURRENCY: currency, ...keys });
    const start = await providerOf(providers, name).start({
      ...{ id: 1, key: '0b8f6c1e-6a53-4f0b-8f35-0a4c7f1f3f35', orderId: 1, orderNumber: 'K7XM-2QPD' },
      ...{ state: 'pending', amount: 1250, currency, reference: null, expiresAt: null },
      ...{ email: 'ana@example.com', language: 'es' },
    });
    return start.kind === 'instructions' ? '' : start.url;
  };
  const live = Object.entries(keysOf('WOMPI')).map(([name, key]) => [name, key.replace('test', 'prod')]);
  expect(await pageOf('redsys', 'EUR', keysOf('REDSYS'))).toBe(
    'https://sis-t.redsys.es:25443/sis/realizarPago',
  );
  expect(await pageOf('bizum', 'EUR', { ...keysOf('REDSYS'), REDSYS_MODE: 'live' })).toBe(
    'https://sis.redsys.es/sis/realizarPago',
  );
  const wompi = await pageOf('wompi', 'COP', Object.fromEntries(live) as Record<string, string>);
  expect(wompi).toMatch(/^https:\/\/checkout\.wompi\.co\/p\/\?public-key=pub_prod_simulator&currency=COP&/);
  expect(new URL(wompi).searchParams.get('amount-in-cents')).toBe('125000');
});
