import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDatabases, type Databases } from '../../src/database/databases.ts';
import { createApp } from '../../src/app.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ANSWERED_WITHOUT_SESSION, LEVELS, ROUTE_ACCESS, type Level } from '../../src/auth/route-access.ts';
import { ImportRunner } from '../../src/imports/import-runner.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import { Client } from '../support/client.ts';
import { createPerson } from '../support/people.ts';
import { webConfig } from '../support/web-config.ts';

let databases: Databases;
let routes: string[];
/** Somebody of each level, on different instances. */
const people: Partial<Record<Level, Client>> = {};

beforeAll(async () => {
  const config = await webConfig();
  databases = createDatabases(config);
  const logger = createLogger(config);
  const heartbeat = new Heartbeat(config, databases);
  const draining = new AbortController().signal;
  const imports = new ImportRunner(config, databases, logger);
  const app = await createApp({ config, databases, logger, heartbeat, imports, draining });
  routes = routesOf(app.router.stack);
  const administrator = await Client.signedIn();
  people.everybody = new Client();
  await people.everybody.takeToken('/login');
  people.newcomer = (await createPerson(administrator, 'clerk', { choosesPassword: false })).client;
  people.viewer = (await createPerson(administrator, 'viewer')).client;
  people.clerk = (await createPerson(administrator, 'clerk')).client;
  people.administrator = (await createPerson(administrator, 'administrator')).client;
});

afterAll(() => databases.close());

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** `GET /products`, ... as Express really has them. */
function routesOf(stack: unknown): string[] {
  return (stack as Layer[]).flatMap(({ route, handle }) => {
    if (!route) return handle.stack ? routesOf(handle.stack) : [];
    return Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`);
  });
}

test('every route has its line in the table, and every line its route', () => {
  const lines = [...Object.keys(ROUTE_ACCESS), ...ANSWERED_WITHOUT_SESSION];
  expect([...new Set(routes)].sort()).toEqual(lines.sort());
});

type Outcome = 'allowed' | 'asked to log in' | 'asked for a password' | 'refused';

/** Sends what the route cannot do anything with: there is no product and no user of this number. */
async function outcomeOf(client: Client, route: string): Promise<Outcome> {
  const [method, path] = route.replace(':id', '999999999').split(' ') as [string, string];
  const response = await client.send(method, path);
  const location = response.headers.location ?? '';
  if (response.status === 401 || location.startsWith('/login?return=')) return 'asked to log in';
  if (response.status === 303 && location === '/password') return 'asked for a password';
  if (response.status !== 403) return 'allowed';
  const isPasswordNeeded = response.text.includes('Cambie primero la contraseña de un solo uso.');
  if (isPasswordNeeded) return 'asked for a password';
  expect(response.text).toContain('Su función no permite esto.');
  return 'refused';
}

function expected(level: Level, route: keyof typeof ROUTE_ACCESS): Outcome {
  if (LEVELS.indexOf(level) >= LEVELS.indexOf(ROUTE_ACCESS[route])) return 'allowed';
  if (level === 'everybody') return 'asked to log in';
  return level === 'newcomer' ? 'asked for a password' : 'refused';
}

test.each(LEVELS)('the server lets in where the table says, and nowhere else: %s', async (level) => {
  const outcomes: Record<string, Outcome> = {};
  const wanted: typeof outcomes = {};
  // Logging out comes last: it ends the session.
  const names = Object.keys(ROUTE_ACCESS).filter((route) => route !== 'POST /logout');
  for (const route of [...names, 'POST /logout'] as (keyof typeof ROUTE_ACCESS)[]) {
    outcomes[route] = await outcomeOf(people[level]!, route);
    wanted[route] = expected(level, route);
  }
  expect(outcomes).toEqual(wanted);
});

test('what the table does not know is refused, in whatever way it is asked for', async () => {
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
  // To Express this is no spelling of /products/new, but a product's number that makes no sense.
  expect((await viewer.send('GET', '/products/%6eew')).status).toBe(404);
  // Express answers HEAD where there is a GET; nothing is found out that way.
  expect((await viewer.send('HEAD', '/users')).status).toBe(403);
});

test('pages show nobody what the role does not allow', async () => {
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
