import { createHash, createHmac, randomInt } from 'node:crypto';

/** Without letters and digits that people mistake for others. */
const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Such as K7XM-2QPD: it tells nobody how many orders there are. */
export function newOrderNumber(): string {
  const half = () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${half()}-${half()}`;
}

/** The secret in the link to an order. The same for a form that is sent again, and for each e-mail. */
export function orderLink(secret: string, placedKey: string): string {
  return createHmac('sha256', secret).update(`order ${placedKey}`).digest('base64url');
}

export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
