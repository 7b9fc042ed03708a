import { ROLES } from './roles.ts';

/**
 * Who may come in: everybody; a newcomer, who is signed in and may still have a one-time password; the
 * roles. Each may go where those before it may.
 */
export const LEVELS = ['everybody', 'newcomer', ...ROLES] as const;
export type Level = (typeof LEVELS)[number];

/**
 * Every route, with the least level it takes. What is not here is refused, so a new route gets its line
 * first; where several lines fit an address, each of them must be satisfied.
 */
export const ROUTE_ACCESS = {
  'GET /login': 'everybody',
  'POST /login': 'everybody',
  'POST /logout': 'newcomer',
  'GET /password': 'newcomer',
  'POST /password': 'newcomer',

  'GET /': 'viewer',
  'GET /products': 'viewer',
  'GET /products/:id': 'viewer',
  'GET /products/export.xlsx': 'viewer',
  'GET /products/export.csv': 'viewer',
  'GET /api/products': 'viewer',
  'GET /api/exports/:id': 'viewer',
  'POST /api/exports/:id/cancel': 'viewer',

  'GET /products/new': 'clerk',
  'POST /products': 'clerk',
  'GET /products/:id/edit': 'clerk',
  'POST /products/:id': 'clerk',
  'GET /products/:id/delete': 'clerk',
  'POST /products/:id/delete': 'clerk',
  'POST /products/:id/restore': 'clerk',
  'PATCH /api/products/:id/quantity': 'clerk',

  'GET /imports': 'clerk',
  'POST /imports': 'clerk',
  'GET /imports/:id': 'clerk',
  'GET /imports/:id/result.csv': 'clerk',
  'POST /imports/:id/columns': 'clerk',
  'POST /imports/:id/apply': 'clerk',
  'GET /api/imports/:id': 'clerk',

  'GET /users': 'administrator',
  'GET /users/new': 'administrator',
  'POST /users': 'administrator',
  'GET /users/:id': 'administrator',
  'POST /users/:id/role': 'administrator',
  'POST /users/:id/password': 'administrator',
  'POST /users/:id/disable': 'administrator',
  'POST /users/:id/enable': 'administrator',
  'GET /audit': 'administrator',
  'GET /system': 'administrator',
  'GET /system/live': 'administrator',
  'GET /api/system': 'administrator',
} as const satisfies Record<string, Level>;

export type RouteName = keyof typeof ROUTE_ACCESS;

/** Routes that are answered before anybody asks who is asking. They must see to themselves. */
export const ANSWERED_WITHOUT_SESSION = [
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
];
