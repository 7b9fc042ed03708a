import type { IncomingHttpHeaders } from 'node:http';
import type { Language } from '../locales/languages.ts';

export interface Attempt {
  id: number;
  /** Goes with every call, so that the provider recognises a repeat. */
  key: string;
  orderId: number;
  orderNumber: string;
  /** In minor units. */
  amount: number;
  currency: string;
  /** What the provider calls it; null before `start`. */
  reference: string | null;
  expiresAt: Date | null;
  email: string;
  language: Language;
}

/** What the customer does next. */
export type Start =
  | { kind: 'instructions' }
  | { kind: 'redirect'; url: string; reference: string | null }
  /** A form that the browser posts to the provider. */
  | { kind: 'form'; url: string; fields: Record<string, string>; reference: string | null };

export type AttemptState =
  { state: 'pending' | 'failed' } | { state: 'captured'; amount: number; currency: string };

/** Verified: `parseNotification` throws for what the provider has not signed. */
export type Notification = AttemptState & {
  /** Unique for the provider; a repeat has the same. */
  eventId: string;
  /** One of both tells the attempt. */
  attemptKey?: string | undefined;
  reference?: string | undefined;
  payload: unknown;
};

export interface Refund {
  id: number;
  amount: number;
  currency: string;
}

export interface PaymentProvider {
  readonly name: string;
  /** For how long the stock is held for an attempt; null: until the order is shipped or cancelled. */
  readonly holdSeconds: number | null;
  /** Whether the order waits for the money. Otherwise it is confirmed at once and paid at the door. */
  readonly isPrepaid: boolean;
  /** Whether it can be asked about attempts, and told to cancel and refund them. */
  readonly isOnline: boolean;
  start(attempt: Attempt): Promise<Start>;
  parseNotification(rawBody: Buffer, headers: IncomingHttpHeaders): Notification;
  fetchState(attempt: Attempt): Promise<AttemptState>;
  /** Afterwards the attempt cannot be paid. An error says that this is not known. */
  cancel(attempt: Attempt): Promise<void>;
  /** @param key the same for each try of this refund */
  refund(attempt: Attempt, refund: Refund, key: string): Promise<void>;
}

export type Providers = ReadonlyMap<string, PaymentProvider>;

export function providersOf(...providers: PaymentProvider[]): Providers {
  return new Map(providers.map((provider) => [provider.name, provider]));
}

/** @throws for a method that no provider has: it was offered by another version */
export function providerOf(providers: Providers, method: string): PaymentProvider {
  const provider = providers.get(method);
  if (!provider) throw new Error(`No payment provider is called ${method}`);
  return provider;
}
