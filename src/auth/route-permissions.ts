import type { Permission } from './permissions.ts';

/** The permission of each route behind the session. Unlisted routes are refused; all matching lines must be met. */
export const ROUTE_PERMISSIONS = {
  'GET /login': 'public',
  'POST /login': 'public',
  'POST /logout': 'session:end',
  'GET /password': 'password:change',
  'POST /password': 'password:change',

  'GET /': 'product:view',
  'GET /products': 'product:view',
  'GET /products/:id': 'product:view',
  'GET /list-choices': 'product:view',
  'POST /list-choices': 'product:view',
  'GET /products/export.xlsx': 'product:export',
  'GET /products/export.csv': 'product:export',
  'GET /api/products': 'product:view',
  'GET /api/products/total': 'product:view',
  'GET /api/exports/:id': 'product:export',
  'POST /api/exports/:id/cancel': 'product:export',

  'GET /products/new': 'product:edit',
  'POST /products': 'product:edit',
  'GET /products/:id/edit': 'product:edit',
  'POST /products/:id': 'product:edit',
  'GET /products/:id/delete': 'product:delete',
  'POST /products/:id/delete': 'product:delete',
  'POST /products/:id/restore': 'product:delete',
  'POST /products/:id/restore-and-save': 'product:delete',
  'POST /products/:id/keep-deleted': 'product:delete',
  'PATCH /api/products/:id/quantity': 'stock:adjust',

  'POST /products/:id/movements': 'stock:adjust',
  'GET /movements': 'product:view',
  'GET /movements/export.csv': 'product:export',

  'GET /trash': 'product:delete',
  'POST /trash/:id/restore': 'product:delete',

  'GET /categories': 'category:manage',
  'POST /categories': 'category:manage',
  'GET /categories/:id/edit': 'category:manage',
  'POST /categories/:id': 'category:manage',
  'GET /categories/:id/merge': 'category:manage',
  'POST /categories/:id/merge': 'category:manage',
  'GET /categories/:id/delete': 'category:manage',
  'POST /categories/:id/delete': 'category:manage',

  'GET /suppliers': 'supplier:manage',
  'GET /suppliers/new': 'supplier:manage',
  'POST /suppliers': 'supplier:manage',
  'GET /suppliers/:id/edit': 'supplier:manage',
  'POST /suppliers/:id': 'supplier:manage',
  'GET /suppliers/:id/delete': 'supplier:manage',
  'POST /suppliers/:id/delete': 'supplier:manage',

  'GET /imports': 'product:import',
  'POST /imports': 'product:import',
  'GET /imports/template.xlsx': 'product:import',
  'GET /imports/template.csv': 'product:import',
  'GET /imports/:id': 'product:import',
  'GET /imports/:id/result.csv': 'product:import',
  'POST /imports/:id/columns': 'product:import',
  'POST /imports/:id/apply': 'product:import',
  'GET /imports/:id/undo': 'product:import',
  'POST /imports/:id/undo': 'product:import',
  'GET /api/imports/:id': 'product:import',
  'GET /api/imports/:id/sample': 'product:import',

  'GET /users': 'users:manage',
  'GET /users/new': 'users:manage',
  'POST /users': 'users:manage',
  'GET /users/:id': 'users:manage',
  'POST /users/:id/role': 'users:manage',
  'GET /users/:id/password': 'users:manage',
  'POST /users/:id/password': 'users:manage',
  'GET /users/:id/disable': 'users:manage',
  'POST /users/:id/disable': 'users:manage',
  'POST /users/:id/enable': 'users:manage',
  'GET /audit': 'audit:view',
  'GET /system': 'system:view',
  'GET /system/live': 'system:view',
  'GET /api/system': 'system:view',
} as const satisfies Record<string, Permission | 'public'>;

export type RouteName = keyof typeof ROUTE_PERMISSIONS;

/** Routes answered before the session is read; they check access themselves. */
export const ANSWERED_WITHOUT_SESSION = [
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /static/:version/icons.css',
];
