import { PAYPAL_CURRENCIES, REDSYS_CURRENCIES } from '../../src/config/gateways.ts';

/** Of nobody: the simulators sign with them. */
export const KEYS = {
  WOMPI_PUBLIC_KEY: 'pub_test_simulator',
  WOMPI_PRIVATE_KEY: 'prv_test_simulator',
  WOMPI_EVENTS_SECRET: 'test_events_simulator',
  WOMPI_INTEGRITY_SECRET: 'test_integrity_simulator',
  REDSYS_MERCHANT_CODE: '999999999',
  REDSYS_TERMINAL: '1',
  REDSYS_SECRET_KEY: Buffer.from('simulated key, no money.').toString('base64'),
  REDSYS_MODE: 'test',
  REDSYS_BIZUM: 'on',
  STRIPE_SECRET_KEY: 'sk_test_simulator',
  STRIPE_WEBHOOK_SECRET: 'whsec_simulator',
  PAYPAL_CLIENT_ID: 'simulator-client',
  PAYPAL_CLIENT_SECRET: 'simulator-secret',
  PAYPAL_WEBHOOK_ID: 'SIMULATOR1',
  PAYPAL_MODE: 'test',
} as const;

/** The settings of the gateways that take the currency. */
export function simulatorSettings(url: string, currency: string): Record<string, string> {
  const gateways = [
    'STRIPE',
    ...(currency === 'COP' ? ['WOMPI'] : []),
    ...(currency in REDSYS_CURRENCIES ? ['REDSYS'] : []),
    ...(currency in PAYPAL_CURRENCIES ? ['PAYPAL'] : []),
  ];
  const keys = Object.entries(KEYS).filter(
    ([name]) => gateways.includes(name.split('_')[0]!) && (name !== 'REDSYS_BIZUM' || currency === 'EUR'),
  );
  return { ...Object.fromEntries(keys), GATEWAY_SIMULATOR: url };
}
