import { createHash, randomInt } from 'node:crypto';
import bcrypt from 'bcrypt';

const COST = 12;
/** Compared with when there is no such user, so that both answers take the same time. */
const nobody = bcrypt.hash('nobody has this password', COST);

/** bcrypt reads 72 bytes at most; a digest of 64 characters makes every byte of a password count. */
function digest(password: string): string {
  return createHash('sha384').update(password.normalize('NFC')).digest('base64');
}

export async function hashPassword(password: string): Promise<string> {
  return bcrypt.hash(digest(password), COST);
}

/** Takes as long for an absent hash (unknown user) as for a wrong password. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const matches = await bcrypt.compare(digest(password), hash ?? (await nobody));
  return hash !== undefined && matches;
}

/** Easy to read out and to type: no letters or digits that look alike. About 99 bits. */
export function generatePassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}
