import { z } from 'zod';
import type { Order } from './product-order.ts';
import type { KeysetPosition } from './page-window.ts';

export class InvalidCursorError extends Error {
  override name = 'InvalidCursorError';
}

const cursorContent = z
  .tuple([
    z.enum(['after', 'before']),
    z.string(),
    z.union([z.string(), z.number()]),
    z.number().int().positive(),
  ])
  .transform(([direction, order, key, id]) => ({ direction, order, key, id }));

export function encodeCursor(
  direction: 'after' | 'before',
  order: Order,
  { key, id }: KeysetPosition,
): string {
  return Buffer.from(JSON.stringify([direction, order.name, key, id])).toString('base64url');
}

export function decodeCursor(text: string, order: Order): { isBackwards: boolean; from: KeysetPosition } {
  const { data } = cursorContent.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (data?.order !== order.name || typeof data.key !== order.keyType) throw new InvalidCursorError();
  return { isBackwards: data.direction === 'before', from: { key: data.key, id: data.id } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
