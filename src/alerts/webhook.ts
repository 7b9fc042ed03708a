import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { readKey } from '../config/alerts.ts';
import type { Attempt, OutboxKind } from '../jobs/outbox.ts';
import { STOCK_LEVELS } from '../stock/stock-level.ts';

const TIME_LIMIT_MS = 10_000;
/** A message of so many stays below the 20 kB that Standard Webhooks recommends. */
export const PRODUCTS_PER_MESSAGE = 50;

const level = z.enum(STOCK_LEVELS);

const droppedProduct = z.object({
  id: z.number(),
  /** Null as `name`, if the product has been deleted since. */
  code: z.string().nullable(),
  name: z.string().nullable(),
  /** Null: the product is new, or back from the trash. */
  from: level.nullable(),
  to: level,
  at: z.string(),
  quantity: z.number().nullable(),
  minimumStock: z.number().nullable(),
  unit: z.string().nullable(),
});

export type DroppedProduct = z.output<typeof droppedProduct>;

const levelMessage = z.object({
  /** When it was enqueued: every attempt has the same body. */
  at: z.string(),
  products: z.array(droppedProduct),
});

export type LevelMessage = z.output<typeof levelMessage>;

export const STOCK_LEVEL_DROPPED: OutboxKind<LevelMessage> = {
  name: 'stock-level-webhook',
  payload: levelMessage,
};

/** Without the address, which may hold a token, and without what the receiver answered. */
export class WebhookError extends Error {
  override name = 'WebhookError';
  readonly code: string;

  constructor(code: string) {
    super(`The receiver of the webhook did not accept the message: ${code}`);
    this.code = code;
  }
}

export interface Receiver {
  url: string;
  /** `whsec_…` */
  secret: string;
}

/** @throws WebhookError unless the receiver answers 2xx in time; redirects are not followed */
export async function sendWebhook(
  { url, secret }: Receiver,
  { at, products }: LevelMessage,
  { id, signal }: Pick<Attempt, 'id' | 'signal'>,
): Promise<void> {
  const body = JSON.stringify({ type: 'stock.level_dropped', timestamp: at, data: { products } });
  const timestamp = Math.floor(Date.now() / 1000);
  const response = await post(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Inventario',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf({ id, timestamp, body }, secret),
    },
    body,
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
  });
  await response.body?.cancel().catch(() => undefined);
  if (!response.ok) throw new WebhookError(`HTTP ${response.status}`);
}

async function post(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { name, cause } = error as Error;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    throw new WebhookError(code ?? name);
  }
}

/** By the Standard Webhooks specification, version 1. */
export function signatureOf(
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
  secret: string,
): string {
  const hmac = createHmac('sha256', readKey(secret)).update(`${id}.${timestamp}.${body}`);
  return `v1,${hmac.digest('base64')}`;
}
