import { createHash, createHmac, randomBytes } from 'node:crypto';
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
  return spell(randomBytes(64));
}

/**
 * The one-time password that belongs to a write: whoever sends the same write again is shown the same
 * password, and it is stored nowhere.
 *
 * @param secret of the instances, without which `writeId` tells nothing
 */
export function passwordOf(writeId: Buffer, secret: string): string {
  return spell(createHmac('sha512', secret).update('one-time password').update(writeId).digest());
}

function spell(bytes: Buffer): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  const base = BigInt(alphabet.length);
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  const letters = Array.from({ length: 20 }, () => {
    const letter = alphabet[Number(rest % base)]!;
    rest /= base;
    return letter;
  });
  return [0, 5, 10, 15].map((start) => letters.slice(start, start + 5).join('')).join('-');
}
