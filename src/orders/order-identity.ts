import { createHash, createHmac, randomInt } from 'node:crypto';

/** Without letters and digits that people mistake for others. */
const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Such as K7XM-2QPD: it tells nobody how many orders there are. */
export function newOrderNumber(): string {
  const half = () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return `${half()}-${half()}`;
}

/** What is stored of a form's key. A copy of the database must not lead to the order, as the key itself does. */
export function placedKeyOf(secret: string, formKey: string): string {
  const hex = createHmac('sha256', secret).update(`placed ${formKey}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** The secret in the link to an order. The same for a form that is sent again, and for each e-mail. */
export function orderLink(secret: string, placedKey: string): string {
  return createHmac('sha256', secret).update(`order ${placedKey}`).digest('base64url');
}

export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
