import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isSameSignature } from './compare-signatures.ts';
import { ForgedNotificationError } from './provider.ts';

/** Of the address of the checkout (https://docs.wompi.co/docs/colombia/widget-checkout-web/). */
export function integrityOf(
  checkout: { reference: string; amountInCents: number; currency: string; expiration?: string | undefined },
  secret: string,
): string {
  const { reference, amountInCents, currency, expiration = '' } = checkout;
  return sha256(`${reference}${amountInCents}${currency}${expiration}${secret}`);
}

const MAX_PROPERTIES = 20;

const signedEvent = z.object({
  event: z.string().max(100),
  data: z.record(z.string(), z.unknown()),
  timestamp: z.number(),
  signature: z.object({ properties: z.array(z.string().max(100)).max(MAX_PROPERTIES), checksum: z.string() }),
});

export type WompiEvent = z.output<typeof signedEvent>;

/** Over the values that the event lists, its time and the secret (https://docs.wompi.co/docs/colombia/eventos/). */
export function checksumOf(
  {
    data,
    timestamp,
    signature,
  }: Pick<WompiEvent, 'data' | 'timestamp'> & {
    signature: Pick<WompiEvent['signature'], 'properties'>;
  },
  secret: string,
): string {
  const values = signature.properties.map((path) => valueAt(data, path));
  return sha256(`${values.join('')}${timestamp}${secret}`);
}

/** @throws ForgedNotificationError */
export function readWompiEvent(rawBody: Buffer, secret: string): WompiEvent {
  const event = parse(rawBody);
  if (!isSameSignature(event.signature.checksum.toLowerCase(), checksumOf(event, secret)))
    throw new ForgedNotificationError('checksum');
  return event;
}

function parse(rawBody: Buffer): WompiEvent {
  try {
    return signedEvent.parse(JSON.parse(rawBody.toString()));
  } catch {
    throw new ForgedNotificationError('form');
  }
}

function valueAt(data: unknown, path: string): string {
  let value = data;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
