import { z } from 'zod';
import type { DeliveryMethod } from './delivery.ts';

/** How an order is received, as it was when it was placed: `shop_order.delivery`. */
const deliverySnapshot = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('delivery'),
    method: z.number(),
    name: z.string(),
    carrier: z.string(),
    trackingUrl: z.string(),
    daysFrom: z.number().nullable(),
    daysTo: z.number().nullable(),
    weight: z.number(),
  }),
  z.object({ kind: z.literal('pick_up'), place: z.string() }),
]);

export type DeliverySnapshot = z.output<typeof deliverySnapshot>;

export function snapshotOf(method: DeliveryMethod, weight: number): DeliverySnapshot {
  const { id, name, carrier, trackingUrl, daysFrom, daysTo } = method;
  return { kind: 'delivery', method: id, name, carrier, trackingUrl, daysFrom, daysTo, weight };
}

/** Undefined for an order that was made without one, as tests and other programs do. */
export function readSnapshot(stored: unknown): DeliverySnapshot | undefined {
  return deliverySnapshot.safeParse(stored).data;
}

/** Where the carrier tells of a parcel; undefined if it went with another carrier, or nobody knows where. */
export function trackingLink(
  delivery: DeliverySnapshot | undefined,
  { carrier, trackingNumber }: { carrier: string; trackingNumber: string },
): string | undefined {
  if (delivery?.kind !== 'delivery' || trackingNumber === '') return undefined;
  const isSame = carrier === '' || carrier.toLowerCase() === delivery.carrier.toLowerCase();
  if (!isSame || delivery.trackingUrl === '') return undefined;
  return delivery.trackingUrl.replaceAll('{number}', encodeURIComponent(trackingNumber));
}
