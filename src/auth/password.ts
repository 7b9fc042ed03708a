import { createHash, createHmac, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import pLimit from 'p-limit';

const COST = 12;
/** Three instances may share the processors, and pages need them, too. Fewer than the 4 threads of Node's pool. */
export const HASHES_AT_ONCE = Math.min(3, Math.ceil(availableParallelism() / 4));
const hashing = pLimit(HASHES_AT_ONCE);
/** Compared when the user is unknown, so that both failures take the same time. */
const unknownUserHash = bcrypt.hash('nobody has this password', COST);

/** bcrypt ignores input beyond 72 bytes; the 64-character digest makes every byte count. */
function digest(password: string): string {
  return createHash('sha384').update(password.normalize('NFC')).digest('base64');
}

export async function hashPassword(password: string): Promise<string> {
  return hashing(() => bcrypt.hash(digest(password), COST));
}

export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const known = hash ?? (await unknownUserHash);
  const matches = await hashing(() => bcrypt.compare(digest(password), known));
  return hash !== undefined && matches;
}

/** Tells whether a password is still the same; the hash itself stays in the user's row. */
export function fingerprint(passwordHash: string): string {
  return createHash('sha256').update(passwordHash).digest('base64url');
}

/** About 99 bits, without characters that look alike. */
export function generatePassword(): string {
  return spell(randomBytes(64));
}

/** Derived from the write, so that a repeated request shows the same one-time password and none is stored. */
export function oneTimePasswordFor(writeId: Buffer, secret: string): string {
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
