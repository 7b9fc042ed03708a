import type { IncomingHttpHeaders } from 'node:http';
import type { PaymentState } from '../database/tables.ts';
import { DomainError } from '../errors/domain-error.ts';
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
  state: PaymentState;
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
export type Notification = (AttemptState | AskForState) & {
  /** Unique for the provider; a repeat has the same. At most 100 characters. */
  eventId: string;
  /** One of both tells the attempt. */
  attemptKey?: string | undefined;
  reference?: string | undefined;
  payload: unknown;
};

/** What is signed does not say enough: `fetchState` does. */
export interface AskForState {
  state: 'to_ask';
}

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
  /** Whether a refund that is sent again with its key is made once only. */
  readonly repeatsRefundsSafely: boolean;
  start(attempt: Attempt): Promise<Start>;
  /** @returns undefined for a message that is genuine, but not about a payment @throws ForgedNotificationError */
  parseNotification(rawBody: Buffer, headers: IncomingHttpHeaders): Promise<Notification | undefined>;
  /** May take the money of an attempt that is pending and that its customer has approved. */
  fetchState(attempt: Attempt): Promise<AttemptState>;
  /** Afterwards the attempt cannot be paid, if the provider can prevent that. An error says that this is not known. */
  cancel(attempt: Attempt): Promise<void>;
  /** @param key the same for each try of this refund @throws RefundRefusedError */
  refund(attempt: Attempt, refund: Refund, key: string): Promise<void>;
}

/** Not signed by the provider, or not for us. */
export class ForgedNotificationError extends DomainError {
  constructor(reason: string) {
    super({
      code: 'forged_notification',
      status: 400,
      textKey: 'gateways.errors.forged',
      details: { reason },
    });
  }
}

/** The provider does not make it, however often it is asked: a person has to. */
export class RefundRefusedError extends DomainError {
  constructor(reason: string) {
    super({
      code: 'refund_refused',
      status: 409,
      textKey: 'gateways.errors.refundRefused',
      details: { reason },
    });
  }
}

/** No answer in time, or one that says nothing of use. */
export class GatewayError extends DomainError {
  readonly gateway: string;
  /** Whether other calls would fare no better now. Otherwise it has answered, and this call is the problem. */
  readonly isAway: boolean;

  /** @param problem a status or the code of an error, never what was sent or answered */
  constructor(gateway: string, problem: string, { isAway = false } = {}) {
    super({
      ...{ code: 'gateway_error', status: 503, textKey: 'gateways.errors.gateway', retryAfterSeconds: 30 },
      details: { gateway, problem },
    });
    this.message = `${gateway}: ${problem}`;
    this.gateway = gateway;
    this.isAway = isAway;
  }
}

/** Of an error that says that no call to a gateway can be expected to help now. */
export function awayGateway(error: unknown): string | undefined {
  return error instanceof GatewayError && error.isAway ? error.gateway : undefined;
}

export type Providers = ReadonlyMap<string, PaymentProvider>;

export function providersOf(...providers: PaymentProvider[]): Providers {
  return new Map(providers.map((provider) => [provider.name, provider]));
}

/** @throws GatewayError for a method that is not set up any more, or that only another version offers */
export function providerOf(providers: Providers, method: string): PaymentProvider {
  const provider = providers.get(method);
  if (!provider) throw new GatewayError(method, 'not set up');
  return provider;
}
