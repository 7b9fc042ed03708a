import type { Actor } from '../database/write-counts.ts';
import type { Role } from '../database/tables.ts';
import type { Permission } from './permissions.ts';

/** Who a request, or a piece of work without one, acts as. Only `permissions` says what it may do. */
export interface Principal {
  kind: 'user' | 'customer' | 'token' | 'system';
  /** Unique among principals of its kind. */
  id: number;
  permissions: ReadonlySet<Permission>;
  /** How far a server must be to show the principal its own last write. */
  lastWrite: Actor['lastWrite'];
}

/** A signed-in member of the staff. */
export interface StaffUser extends Principal {
  kind: 'user';
  username: string;
  role: Role;
  mustChangePassword: boolean;
}

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by the staff's session; undefined when nobody is signed in. */
    principal: StaffUser | undefined;
  }
}
