import type { PaymentProvider } from './provider.ts';

const DAY_SECONDS = 24 * 3600;

/** People see the money come and say so; no server is asked. */
const offline = {
  isOnline: false,
  repeatsRefundsSafely: false,
  start: () => Promise.resolve({ kind: 'instructions' }),
  parseNotification: () => Promise.reject(new Error('Nobody sends notifications of these payments')),
  fetchState: () => Promise.resolve({ state: 'pending' }),
  cancel: () => Promise.resolve(),
  refund: () => Promise.reject(new Error('A person makes refunds of these payments')),
} as const satisfies Partial<PaymentProvider>;

export const bankTransfer: PaymentProvider = {
  ...offline,
  name: 'bank_transfer',
  holdSeconds: 3 * DAY_SECONDS,
  isPrepaid: true,
};

export const cashOnDelivery: PaymentProvider = {
  ...offline,
  name: 'cash_on_delivery',
  holdSeconds: null,
  isPrepaid: false,
};

export const pickUp: PaymentProvider = { ...offline, name: 'pick_up', holdSeconds: null, isPrepaid: false };

export const OFFLINE_PROVIDERS = [bankTransfer, cashOnDelivery, pickUp];
