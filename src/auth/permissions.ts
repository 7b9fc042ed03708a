import type { Role } from '../database/tables.ts';

export type Permission =
  | 'session:end'
  | 'password:change'
  | 'product:view'
  | 'product:export'
  | 'product:edit'
  | 'product:delete'
  | 'product:import'
  | 'category:manage'
  | 'unit:manage'
  | 'cost:view'
  | 'supplier:manage'
  | 'delivery:manage'
  | 'stock:adjust'
  | 'users:manage'
  | 'order:view'
  | 'order:manage'
  | 'order:refund'
  | 'customer:view'
  | 'seller:manage'
  | 'mail:view'
  | 'audit:view'
  | 'system:view';

const OWN_ACCOUNT: Permission[] = ['session:end', 'password:change'];
const READING: Permission[] = ['product:view', 'product:export', 'order:view'];
const EDITING: Permission[] = [
  'product:edit',
  'product:delete',
  'product:import',
  'category:manage',
  'cost:view',
  'supplier:manage',
  'stock:adjust',
  'order:manage',
];
const ADMINISTERING: Permission[] = [
  'unit:manage',
  'delivery:manage',
  'users:manage',
  'order:refund',
  'customer:view',
  'seller:manage',
  'mail:view',
  'audit:view',
  'system:view',
];

export const ROLES: Record<Role, ReadonlySet<Permission>> = {
  viewer: new Set([...OWN_ACCOUNT, ...READING]),
  clerk: new Set([...OWN_ACCOUNT, ...READING, ...EDITING]),
  administrator: new Set([...OWN_ACCOUNT, ...READING, ...EDITING, ...ADMINISTERING]),
};

export const ROLE_NAMES = Object.keys(ROLES) as Role[];

/** What a role may still do in a session for reading (docs/decisions/log-in-without-primary.md). */
export const READING_ONLY: ReadonlySet<Permission> = new Set([
  'session:end',
  ...READING,
  'cost:view',
  'system:view',
]);

export const UNTIL_PASSWORD_IS_CHOSEN: ReadonlySet<Permission> = new Set(OWN_ACCOUNT);
