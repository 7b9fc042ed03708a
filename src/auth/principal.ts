import type { Actor } from '../database/write-counts.ts';
import type { Role } from '../database/tables.ts';
import type { Permission } from './permissions.ts';

/** Who a request or job acts as. Only `permissions` says what it may do. */
export interface Principal {
  kind: 'user' | 'customer' | 'token' | 'system';
  id: number;
  permissions: ReadonlySet<Permission>;
  /** A server must have applied this write before the principal reads from it. */
  lastWrite: Actor['lastWrite'];
}

export interface StaffUser extends Principal {
  kind: 'user';
  username: string;
  role: Role;
  mustChangePassword: boolean;
  listChoices: unknown;
}

/** A visitor has the id 0, no session, and reads as nobody. */
export interface Customer extends Principal {
  kind: 'customer';
  /** As it is stored: a digest of the cookie. */
  session: Buffer | undefined;
  name: string;
  email: string;
}

declare module 'express-serve-static-core' {
  interface Request {
    principal: StaffUser | undefined;
    /** On pages of the shop. */
    customer: Customer;
  }
}
