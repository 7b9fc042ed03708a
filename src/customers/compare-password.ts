import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { withinLoginLimits } from '../auth/login-limits.ts';
import { networkOf } from '../auth/network.ts';
import { verifyPassword } from '../auth/password.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { CustomerRow, Directory } from '../database/tables.ts';

/** An address without an account is counted and compared like others. @throws TooManyAttemptsError */
export async function comparePassword(
  directory: DatabaseGroup<Directory>,
  req: Request,
  of: Pick<CustomerRow, 'email'> & Partial<Pick<CustomerRow, 'password_hash' | 'last_network'>>,
  password: string,
): Promise<boolean> {
  const address = req.ip ?? '';
  const attempt = {
    username: nameOf(of.email),
    userId: undefined,
    address,
    isKnownNetwork: of.last_network === networkOf(address),
  };
  return withinLoginLimits(directory, attempt, () => verifyPassword(password, of.password_hash));
}

/** No name of staff has a space, and an address would not fit into the column. */
function nameOf(email: string): string {
  return `customer ${createHash('sha256').update(email).digest('base64url')}`;
}
