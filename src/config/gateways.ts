import { z } from 'zod';
import type { Currency } from '../locales/money.ts';
import { isOwnNetworkUrl } from './alerts.ts';
import { onOff } from './settings.ts';

/** The numbers of ISO 4217, by which Redsys names currencies; all have two decimals. */
export const REDSYS_CURRENCIES: Record<string, string> = {
  ...{ EUR: '978', USD: '840', GBP: '826', CHF: '756', MXN: '484', PEN: '604', BRL: '986' },
};

/** With the decimals of their amounts: PayPal takes no others (https://developer.paypal.com/docs/reports/reference/paypal-supported-currencies/). */
export const PAYPAL_CURRENCIES: Record<string, number> = {
  ...{ AUD: 2, BRL: 2, CAD: 2, CHF: 2, CNY: 2, CZK: 2, DKK: 2, EUR: 2, GBP: 2, HKD: 2, HUF: 0, ILS: 2 },
  ...{ JPY: 0, MXN: 2, MYR: 2, NOK: 2, NZD: 2, PHP: 2, PLN: 2, SEK: 2, SGD: 2, THB: 2, TWD: 0, USD: 2 },
};

const MODES = ['test', 'live'] as const;
const mode = z.enum(MODES, 'test or live');

function key(pattern: RegExp, message: string) {
  return z.string().regex(pattern, message).optional();
}

const A_WOMPI_KEY = (name: string) => `the key of Wompi that begins with ${name}`;
const A_SIMULATOR =
  'the address of the simulator of npm start -- --shop-demo, with http:// in your own network; with it, all keys are for tests';

/** Online payments (docs/decisions/payment-providers.md); each gateway is off without its settings. */
export const gatewaySettings = {
  WOMPI_PUBLIC_KEY: key(/^pub_(?:test|prod)_\w{8,100}$/, A_WOMPI_KEY('pub_test_ or pub_prod_')),
  WOMPI_PRIVATE_KEY: key(/^prv_(?:test|prod)_\w{8,100}$/, A_WOMPI_KEY('prv_test_ or prv_prod_')),
  WOMPI_EVENTS_SECRET: key(/^(?:test|prod)_events_\w{8,100}$/, A_WOMPI_KEY('test_events_ or prod_events_')),
  WOMPI_INTEGRITY_SECRET: key(
    /^(?:test|prod)_integrity_\w{8,100}$/,
    A_WOMPI_KEY('test_integrity_ or prod_integrity_'),
  ),
  REDSYS_MERCHANT_CODE: key(/^\d{9}$/, 'the nine digits of the merchant (FUC) that the bank gave'),
  REDSYS_TERMINAL: key(/^\d{1,3}$/, 'the number of the terminal, such as 1'),
  REDSYS_SECRET_KEY: key(/^[A-Za-z0-9+/]{32}$/, 'the signing key of the terminal, 32 characters'),
  REDSYS_MODE: mode.optional(),
  REDSYS_SIGNATURE: z
    .enum(['HMAC_SHA512_V2', 'HMAC_SHA256_V1'], 'HMAC_SHA512_V2 or HMAC_SHA256_V1')
    .optional(),
  /** Bizum, if the bank has switched it on for the terminal. */
  REDSYS_BIZUM: onOff.optional(),
  STRIPE_SECRET_KEY: key(/^[sr]k_(?:test|live)_\w{8,250}$/, 'the key that begins with sk_test_ or sk_live_'),
  STRIPE_WEBHOOK_SECRET: key(/^whsec_[\w+/=]{8,250}$/, 'the secret of the webhook, which begins with whsec_'),
  PAYPAL_CLIENT_ID: key(/^[\w-]{8,200}$/, 'the client ID of the app at PayPal'),
  PAYPAL_CLIENT_SECRET: key(/^[\w-]{8,200}$/, 'the secret of the app at PayPal'),
  PAYPAL_WEBHOOK_ID: key(/^\w{8,50}$/, 'the ID of the webhook at PayPal'),
  PAYPAL_MODE: mode.optional(),
  GATEWAY_SIMULATOR: z
    .string()
    .refine(isOwnNetworkUrl, A_SIMULATOR)
    .transform((text) => text.replace(/\/+$/, ''))
    .optional(),
};

type Settings = z.output<z.ZodObject<typeof gatewaySettings>>;
export type GatewaySettings = { [Name in keyof Settings]?: Settings[Name] | undefined };
type GatewaySetting = keyof GatewaySettings;

export const GATEWAY_SETTINGS = Object.keys(gatewaySettings) as GatewaySetting[];

interface Gateway {
  name: string;
  /** All of them, or none. */
  needs: GatewaySetting[];
  /** Of no use without the others. */
  optional?: GatewaySetting[];
  takes: (currency: string) => boolean;
  currencies: string;
}

const GATEWAYS: Gateway[] = [
  {
    name: 'Wompi',
    needs: ['WOMPI_PUBLIC_KEY', 'WOMPI_PRIVATE_KEY', 'WOMPI_EVENTS_SECRET', 'WOMPI_INTEGRITY_SECRET'],
    takes: (currency) => currency === 'COP',
    currencies: 'COP',
  },
  {
    name: 'Redsys',
    needs: ['REDSYS_MERCHANT_CODE', 'REDSYS_TERMINAL', 'REDSYS_SECRET_KEY', 'REDSYS_MODE'],
    optional: ['REDSYS_SIGNATURE', 'REDSYS_BIZUM'],
    takes: (currency) => currency in REDSYS_CURRENCIES,
    currencies: Object.keys(REDSYS_CURRENCIES).join(', '),
  },
  {
    name: 'Stripe',
    needs: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
    takes: () => true,
    currencies: '',
  },
  {
    name: 'PayPal',
    needs: ['PAYPAL_CLIENT_ID', 'PAYPAL_CLIENT_SECRET', 'PAYPAL_WEBHOOK_ID', 'PAYPAL_MODE'],
    takes: (currency) => currency in PAYPAL_CURRENCIES,
    currencies: Object.keys(PAYPAL_CURRENCIES).join(', '),
  },
];

type Checked = GatewaySettings & { CURRENCY: Currency; PUBLIC_URL?: string | undefined };

/** Half a gateway would take orders that nobody can pay, or money that nobody hears of. */
export function needWholeGateways(values: Checked, context: z.RefinementCtx): void {
  const refuse = (setting: GatewaySetting | 'CURRENCY' | 'PUBLIC_URL', message: string) =>
    context.addIssue({ code: 'custom', path: [setting], message });
  if (values.REDSYS_BIZUM && values.CURRENCY.code !== 'EUR') refuse('CURRENCY', 'EUR, as REDSYS_BIZUM is on');
  for (const { name, needs, optional = [], takes, currencies } of GATEWAYS) {
    const given = [...needs, ...optional].find((setting) => values[setting] !== undefined);
    if (!given) continue;
    for (const missing of needs.filter((setting) => values[setting] === undefined))
      refuse(missing, `${messageOf(missing)}, as ${given} is set: ${name} needs all of ${needs.join(', ')}`);
    if (!takes(values.CURRENCY.code)) refuse('CURRENCY', `one of ${currencies}, as ${given} is set`);
    const isLive = needs.some((setting) => isForLive(values, setting));
    for (const setting of needs.filter((each) => isForTests(values, each)))
      if (isLive) refuse(setting, `for live payments, as the other settings of ${name} are`);
    if (isLive && values.GATEWAY_SIMULATOR)
      refuse('GATEWAY_SIMULATOR', `not set, as ${given} is for live payments`);
    if (values.PUBLIC_URL === undefined)
      refuse('PUBLIC_URL', `the address that people open, as ${given} is set: ${name} sends them back to it`);
    else if (isLive && !values.PUBLIC_URL.startsWith('https://'))
      refuse('PUBLIC_URL', `an address with https://, as ${given} is for live payments`);
  }
}

function messageOf(setting: GatewaySetting): string {
  const problem = gatewaySettings[setting].safeParse('!').error?.issues[0];
  return problem?.message ?? 'set';
}

function isForTests(values: GatewaySettings, setting: GatewaySetting): boolean {
  return modeOf(String(values[setting])) === 'test';
}

function isForLive(values: GatewaySettings, setting: GatewaySetting): boolean {
  return modeOf(String(values[setting])) === 'live';
}

/** Of a setting that tells it. */
function modeOf(value: string): (typeof MODES)[number] | undefined {
  if (/^test$|^(?:pub|prv|sk|rk)_test_|^test_/.test(value)) return 'test';
  if (/^live$|^(?:pub|prv)_prod_|^[sr]k_live_|^prod_/.test(value)) return 'live';
  return undefined;
}
