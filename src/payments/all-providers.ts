import type { WebConfig } from '../config/config.ts';
import type { GatewaySettings } from '../config/gateways.ts';
import type { GatewayContext } from './gateway-context.ts';
import { OFFLINE_PROVIDERS } from './offline-providers.ts';
import { paypal } from './paypal.ts';
import { providersOf, type PaymentProvider, type Providers } from './provider.ts';
import { bizum, redsys } from './redsys.ts';
import { stripe } from './stripe.ts';
import { wompi } from './wompi.ts';

export type ProviderSettings = GatewaySettings & Pick<WebConfig, 'PUBLIC_URL'>;

/** Those that work without settings, and each gateway that has its own. */
export function allProviders(
  settings: ProviderSettings,
  returnPath: (attempt: Parameters<GatewayContext['returnUrl']>[0]) => string,
): Providers {
  const site = settings.PUBLIC_URL ?? '';
  const context: GatewayContext = {
    returnUrl: (attempt) => site + returnPath(attempt),
    webhookUrl: (provider) => `${site}/webhooks/payments/${provider}`,
  };
  const gateways = [wompiOf, redsysOf, stripeOf, paypalOf].flatMap((from) => from(settings, context));
  return providersOf(...OFFLINE_PROVIDERS, ...gateways);
}

function wompiOf(settings: ProviderSettings, context: GatewayContext): PaymentProvider[] {
  const { WOMPI_PUBLIC_KEY, WOMPI_PRIVATE_KEY, WOMPI_EVENTS_SECRET, WOMPI_INTEGRITY_SECRET } = settings;
  if (!WOMPI_PUBLIC_KEY || !WOMPI_PRIVATE_KEY || !WOMPI_EVENTS_SECRET || !WOMPI_INTEGRITY_SECRET) return [];
  const isLive = WOMPI_PUBLIC_KEY.startsWith('pub_prod_');
  const simulator = simulatorOf(settings, 'wompi');
  return [
    wompi({
      ...context,
      publicKey: WOMPI_PUBLIC_KEY,
      privateKey: WOMPI_PRIVATE_KEY,
      eventsSecret: WOMPI_EVENTS_SECRET,
      integritySecret: WOMPI_INTEGRITY_SECRET,
      checkoutUrl: `${simulator ?? 'https://checkout.wompi.co'}/p/`,
      apiUrl: `${simulator ?? `https://${isLive ? 'production' : 'sandbox'}.wompi.co`}/v1`,
    }),
  ];
}

function redsysOf(settings: ProviderSettings, context: GatewayContext): PaymentProvider[] {
  const { REDSYS_MERCHANT_CODE, REDSYS_TERMINAL, REDSYS_SECRET_KEY, REDSYS_MODE } = settings;
  if (!REDSYS_MERCHANT_CODE || !REDSYS_TERMINAL || !REDSYS_SECRET_KEY) return [];
  const host = REDSYS_MODE === 'live' ? 'https://sis.redsys.es' : 'https://sis-t.redsys.es:25443';
  const terminal = {
    ...context,
    merchantCode: REDSYS_MERCHANT_CODE,
    terminal: REDSYS_TERMINAL,
    key: REDSYS_SECRET_KEY,
    signature: settings.REDSYS_SIGNATURE ?? ('HMAC_SHA512_V2' as const),
    host: simulatorOf(settings, 'redsys') ?? host,
  };
  return settings.REDSYS_BIZUM ? [redsys(terminal), bizum(terminal)] : [redsys(terminal)];
}

function stripeOf(settings: ProviderSettings, context: GatewayContext): PaymentProvider[] {
  const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = settings;
  if (!STRIPE_SECRET_KEY || !STRIPE_WEBHOOK_SECRET) return [];
  return [
    stripe({
      ...context,
      secretKey: STRIPE_SECRET_KEY,
      webhookSecret: STRIPE_WEBHOOK_SECRET,
      // The SDK takes a host without a path.
      apiUrl: settings.GATEWAY_SIMULATOR,
    }),
  ];
}

function paypalOf(settings: ProviderSettings, context: GatewayContext): PaymentProvider[] {
  const { PAYPAL_CLIENT_ID, PAYPAL_CLIENT_SECRET, PAYPAL_WEBHOOK_ID, PAYPAL_MODE } = settings;
  if (!PAYPAL_CLIENT_ID || !PAYPAL_CLIENT_SECRET || !PAYPAL_WEBHOOK_ID) return [];
  const domain = PAYPAL_MODE === 'live' ? 'paypal.com' : 'sandbox.paypal.com';
  const simulator = originOf(settings.GATEWAY_SIMULATOR);
  const api = simulator ?? `https://api-m.${domain}`;
  return [
    paypal({
      ...context,
      clientId: PAYPAL_CLIENT_ID,
      clientSecret: PAYPAL_CLIENT_SECRET,
      webhookId: PAYPAL_WEBHOOK_ID,
      apiUrl: api,
      certificateOrigins: simulator ? [simulator] : [api, `https://api.${domain}`],
    }),
  ];
}

function originOf(simulator: string | undefined): string | undefined {
  return simulator && new URL(simulator).origin;
}

function simulatorOf({ GATEWAY_SIMULATOR }: ProviderSettings, gateway: string): string | undefined {
  return GATEWAY_SIMULATOR && `${GATEWAY_SIMULATOR}/${gateway}`;
}
