import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { createApp } from '../../src/app.ts';
import { access, isAdmitted } from '../../src/auth/access.ts';
import { ROLES, UNTIL_PASSWORD_IS_CHOSEN, type Permission } from '../../src/auth/permissions.ts';
import type { Principal } from '../../src/auth/principal.ts';
import {
  ANSWERED_WITHOUT_SESSION,
  ROUTE_PERMISSIONS,
  type RouteName,
} from '../../src/auth/route-permissions.ts';
import { closeDatabases, createDatabases, type Databases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Client } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { routesOf } from '../support/routes.ts';
import { webConfig } from '../support/web-config.ts';

const PEOPLE = ['stranger', 'one-time password', 'viewer', 'clerk', 'administrator'] as const;
type Person = (typeof PEOPLE)[number];

/** Spelled out, so that a permission on the wrong role or route is caught. */
const ADMITTED: [people: Person[], routes: RouteName[]][] = [
  [
    ['stranger', 'one-time password', 'viewer', 'clerk', 'administrator'],
    ['GET /login', 'POST /login'],
  ],
  [
    ['one-time password', 'viewer', 'clerk', 'administrator'],
    ['POST /logout', 'GET /password', 'POST /password'],
  ],
  [
    ['viewer', 'clerk', 'administrator'],
    [
      'GET /',
      'GET /products',
      'GET /products/:id',
      'GET /photos/:file',
      'GET /list-choices',
      'POST /list-choices',
      'GET /alerts',
      'POST /alerts',
      'GET /to-order',
      'GET /to-order/export.xlsx',
      'GET /to-order/export.csv',
      'GET /orders',
      'GET /orders/:number',
      'GET /orders/:number/packing-slip.pdf',
      'GET /orders/:number/receipt.pdf',
      'GET /movements',
      'GET /movements/export.csv',
      'GET /products/export.xlsx',
      'GET /products/export.csv',
      'GET /api/products',
      'GET /api/products/total',
      'GET /api/products/match',
      'GET /api/exports/:id',
      'POST /api/exports/:id/cancel',
    ],
  ],
  [
    ['clerk', 'administrator'],
    [
      'GET /products/new',
      'POST /products',
      'GET /products/:id/edit',
      'POST /products/:id',
      'GET /products/:id/delete',
      'POST /products/:id/delete',
      'POST /products/:id/restore',
      'POST /products/:id/restore-and-save',
      'POST /products/:id/keep-deleted',
      'PATCH /api/products/:id/quantity',
      'GET /api/books/suggestions',
      'POST /products/:id/photos',
      'GET /products/:id/photos/:photo/remove',
      'POST /products/:id/photos/:photo/remove',
      'POST /products/:id/photos/:photo/first',
      'GET /trash',
      'GET /demonstration/remove',
      'POST /demonstration/remove',
      'POST /trash/:id/restore',
      'POST /products/:id/movements',
      'GET /orders/export.xlsx',
      'GET /orders/export.csv',
      'POST /orders/:number/notes',
      'POST /orders/:number/cancel',
      'POST /orders/:number/parcels',
      'POST /orders/:number/parcels/:id/pack',
      'POST /orders/:number/parcels/:id/ship',
      'POST /orders/:number/parcels/:id/deliver',
      'POST /orders/:number/parcels/:id/cancel',
      'POST /orders/:number/returns',
      'POST /orders/:number/returns/:id/answer',
      'GET /suppliers',
      'GET /suppliers/new',
      'POST /suppliers',
      'GET /suppliers/:id/edit',
      'POST /suppliers/:id',
      'GET /suppliers/:id/delete',
      'POST /suppliers/:id/delete',
      'GET /categories',
      'POST /categories',
      'GET /categories/:id/edit',
      'POST /categories/:id',
      'GET /categories/:id/merge',
      'POST /categories/:id/merge',
      'GET /categories/:id/delete',
      'POST /categories/:id/delete',
      'GET /imports',
      'POST /imports',
      'GET /imports/template.xlsx',
      'GET /imports/template.csv',
      'GET /imports/:id',
      'GET /imports/:id/result.csv',
      'POST /imports/:id/columns',
      'POST /imports/:id/apply',
      'GET /imports/:id/undo',
      'POST /imports/:id/undo',
      'GET /api/imports/:id',
      'GET /api/imports/:id/sample',
    ],
  ],
  [
    ['administrator'],
    [
      'GET /delivery',
      'POST /delivery/settings',
      'GET /delivery/zones/new',
      'POST /delivery/zones',
      'GET /delivery/zones/:id/edit',
      'POST /delivery/zones/:id',
      'GET /delivery/zones/:id/delete',
      'POST /delivery/zones/:id/delete',
      'GET /delivery/zones/:id/methods/new',
      'POST /delivery/zones/:id/methods',
      'GET /delivery/methods/:id/edit',
      'POST /delivery/methods/:id',
      'GET /delivery/methods/:id/delete',
      'POST /delivery/methods/:id/delete',
      'GET /units',
      'GET /units/edit',
      'POST /units',
      'GET /users',
      'GET /users/new',
      'POST /users',
      'GET /users/:id',
      'POST /users/:id/role',
      'GET /users/:id/password',
      'POST /users/:id/password',
      'GET /users/:id/disable',
      'POST /users/:id/disable',
      'POST /users/:id/enable',
      'GET /orders/:number/proofs/:id',
      'POST /orders/:number/payments/:id/capture',
      'POST /orders/:number/refunds',
      'POST /orders/:number/refunds/:id/request',
      'POST /orders/:number/refunds/:id/finish',
      'GET /customers',
      'GET /sellers',
      'POST /sellers/settings',
      'GET /sellers/:id',
      'POST /sellers/:id',
      'POST /sellers/:id/payouts',
      'GET /mail',
      'GET /mail/:id',
      'GET /audit',
      'GET /system',
      'GET /system/live',
      'GET /api/system',
    ],
  ],
];

/** These have customers in place of staff: test/customers/visitors.test.ts. */
const OF_CUSTOMERS = /^\w+ \/(tienda\/cuenta|shop\/account)(\/|$)/;

let databases: Databases;
let routes: string[];
const clients: Partial<Record<Person, Client>> = {};

beforeAll(async () => {
  const config = await webConfig();
  databases = createDatabases(config);
  const logger = createLogger(config);
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  const draining = new AbortController().signal;
  const app = await createApp({ config, databases, logger, heartbeat, jobs, draining });
  routes = routesOf(app)
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => !OF_CUSTOMERS.test(route));
  const administrator = await Client.signedIn();
  clients.stranger = new Client();
  await clients.stranger.takeToken('/login');
  const { client } = await createPerson(administrator, 'clerk', { choosesPassword: false });
  clients['one-time password'] = client;
  for (const role of ['viewer', 'clerk', 'administrator'] as const) {
    clients[role] = (await createPerson(administrator, role)).client;
  }
});

afterAll(() => closeDatabases(databases));

test('every route is in the table, and every line has a route', () => {
  const lines = [...Object.keys(ROUTE_PERMISSIONS), ...ANSWERED_WITHOUT_SESSION];
  expect([...new Set(routes)].sort()).toEqual(lines.sort());
});

test('each role has the permissions of its routes and no others', () => {
  const wanted = ADMITTED.flatMap(([people, names]) => names.map((route) => [route, people]));
  const permissions: [Person, ReadonlySet<Permission>][] = [
    ['stranger', new Set()],
    ['one-time password', UNTIL_PASSWORD_IS_CHOSEN],
    ['viewer', ROLES.viewer],
    ['clerk', ROLES.clerk],
    ['administrator', ROLES.administrator],
  ];
  const admitted = Object.entries(ROUTE_PERMISSIONS).map(([route, needed]) => [
    route,
    permissions.filter(([, held]) => needed === 'public' || held.has(needed)).map(([person]) => person),
  ]);
  expect(Object.fromEntries(admitted)).toEqual(Object.fromEntries(wanted));
});

type Outcome = 'allowed' | 'asked to log in' | 'asked for a password' | 'refused';

/** Uses an id that no product or user has. */
async function outcomeOf(client: Client, route: string): Promise<Outcome> {
  const [method, path] = route.replace(':id', '999999999').split(' ') as [string, string];
  const response = await client.send(method, path);
  const location = response.headers.location ?? '';
  if (response.status === 401 || location.startsWith('/login?return=')) return 'asked to log in';
  if (response.status === 303 && location === '/password') return 'asked for a password';
  if (response.status !== 403) return 'allowed';
  const isPasswordNeeded = response.text.includes('Cambie primero la contraseña temporal.');
  if (isPasswordNeeded) return 'asked for a password';
  expect(response.text).toContain('No tiene permiso.');
  return 'refused';
}

function expected(person: Person, admitted: Person[]): Outcome {
  if (admitted.includes(person)) return 'allowed';
  if (person === 'stranger') return 'asked to log in';
  return person === 'one-time password' ? 'asked for a password' : 'refused';
}

test.each(PEOPLE)('admits exactly as the table says: %s', async (person) => {
  const outcomes: Record<string, Outcome> = {};
  const wanted: typeof outcomes = {};
  const lines = ADMITTED.flatMap(([people, names]) => names.map((route) => [route, people] as const));
  // Log-out last: it ends the session.
  const isLogOut = (route: RouteName) => Number(route === 'POST /logout');
  for (const [route, people] of lines.sort(([a], [b]) => isLogOut(a) - isLogOut(b))) {
    outcomes[route] = await outcomeOf(clients[person]!, route);
    wanted[route] = expected(person, people);
  }
  expect(outcomes).toEqual(wanted);
});

const principal = (kind: Principal['kind'], ...permissions: Permission[]): Principal => {
  return { kind, id: 1, permissions: new Set(permissions), lastWrite: {} };
};

/** Statuses from `access` alone; 204 when it passes the request on. */
async function statusesFor(sender: Principal, paths: string[]): Promise<number[]> {
  const app = express();
  const actAs: RequestHandler = (req, _res, next) => {
    Object.assign(req, { principal: sender });
    next();
  };
  app.use(actAs, access(), ((_req, res) => res.sendStatus(204)) as RequestHandler);
  const answers = await Promise.all(paths.map((path) => request(app).get(path)));
  return answers.map(({ status }) => status);
}

test.each(['user', 'customer', 'token', 'system'] as const)(
  'a %s is admitted by its permissions alone',
  async (kind) => {
    const paths = ['/products', '/products/new', '/audit', '/login'];
    expect(await statusesFor(principal(kind), paths)).toEqual([403, 403, 403, 204]);
    expect(await statusesFor(principal(kind, 'product:view'), paths)).toEqual([204, 403, 403, 204]);
    expect(await statusesFor(principal(kind, 'audit:view'), paths)).toEqual([403, 403, 204, 204]);
  },
);

test('a token can have fewer permissions than its user', () => {
  const token = principal('token', 'product:view');
  const owner: Principal = { ...token, kind: 'user', permissions: ROLES.clerk };
  expect([isAdmitted(owner, 'stock:adjust'), isAdmitted(token, 'stock:adjust')]).toEqual([true, false]);
  expect([isAdmitted(owner, 'product:view'), isAdmitted(token, 'product:view')]).toEqual([true, true]);
  expect(isAdmitted(undefined, 'product:view')).toBe(false);
});

test('refuses what is not in the table, however the path is spelled', async () => {
  const nobody = new Client();
  for (const path of ['/no-such-page', '/users/1/delete', '/PRODUCTS', '/products/', '//products']) {
    expect((await nobody.send('GET', path)).status).toBe(303);
  }
  const { client: viewer } = await createPerson(await Client.signedIn(), 'viewer');
  expect((await viewer.send('GET', '/no-such-page')).status).toBe(404);
  expect((await viewer.send('DELETE', '/products/1')).status).toBe(404);
  for (const path of ['/PRODUCTS/new', '/products/new/', '/Users', '/users/']) {
    expect((await viewer.send('GET', path)).status).toBe(403);
  }
  // Express matches this as an invalid product id, not as /products/new.
  expect((await viewer.send('GET', '/products/%6eew')).status).toBe(404);
  // Express answers HEAD with the GET route, which must be refused too.
  expect((await viewer.send('HEAD', '/users')).status).toBe(403);
});

test('pages hide what the role does not allow', async () => {
  const administrator = await Client.signedIn();
  const { id } = await administrator.register();
  const { client: viewer } = await createPerson(administrator, 'viewer');
  const { client: clerk } = await createPerson(administrator, 'clerk');
  const list = (await viewer.get('/products')).text;
  expect(list).not.toMatch(
    /\/products\/new|\/edit"|\/delete"|data-quick-quantity|delete-dialog"|href="\/users"/,
  );
  expect((await viewer.get(`/products/${id}`)).text).not.toMatch(/\/edit"|\/delete"/);
  const clerksList = (await clerk.get('/products')).text;
  expect(clerksList).toMatch(/\/products\/new/);
  expect(clerksList).not.toMatch(/href="\/(users|audit)"/);
  expect((await administrator.get('/products')).text).toMatch(/href="\/users"/);
});
