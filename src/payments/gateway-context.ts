import type { Language } from '../locales/languages.ts';
import type { Attempt } from './provider.ts';

/** The hold outlives the page on which a customer can pay. */
export const HOLD_MARGIN_SECONDS = 5 * 60;
export const PAGE_SECONDS = 30 * 60;

/** What gateways send people and messages back to. */
export interface GatewayContext {
  /** Where a browser goes after the gateway's page. */
  returnUrl: (attempt: Pick<Attempt, 'key' | 'language'>) => string;
  webhookUrl: (provider: string) => string;
}

/** When the gateway's page is to end. */
export function pageEnd({ expiresAt }: Pick<Attempt, 'expiresAt'>): Date {
  const end = expiresAt?.getTime() ?? Date.now() + PAGE_SECONDS * 1000;
  return new Date(end - (expiresAt ? HOLD_MARGIN_SECONDS * 1000 : 0));
}

/** For the gateway's page, and its e-mails. */
export function describeOrder(orderNumber: string, language: Language): string {
  return language === 'es' ? `Pedido ${orderNumber}` : `Order ${orderNumber}`;
}
