import { createHmac, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 16;

/** What stands in the link: the row's id, and proof that this installation sent it. */
export function linkToken(id: Buffer, secret: string): string {
  return Buffer.concat([id, sign(id, secret)]).toString('base64url');
}

/** @returns the row's id, unless the link is not one of ours */
export function readLinkToken(text: string, secret: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const id = bytes.subarray(0, ID_BYTES);
  const [given, wanted] = [bytes.subarray(ID_BYTES), sign(id, secret)];
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? id : undefined;
}

/** With a key of its own, so that nothing else that is signed passes for a link. */
function sign(id: Buffer, secret: string): Buffer {
  const key = createHmac('sha256', secret).update('customer link').digest();
  return createHmac('sha256', key).update(id).digest();
}
