import { readdir, readFile } from 'node:fs/promises';
import { METHODS, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { readWebConfig } from '../../src/config/config.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import {
  closeDatabases,
  createDatabases,
  waitForFirstReports,
  type Databases,
} from '../../src/database/databases.ts';
import { bankTransfer, cashOnDelivery } from '../../src/payments/offline-providers.ts';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { addProduct, buy, faultsOf } from '../orders/shop-support.ts';
import { Client } from '../support/client.ts';
import { routesOf, type Route } from '../support/routes.ts';
import { Stack } from '../support/stack.ts';

/** FUZZ_SEED and FUZZ_PATH, printed on failure, replay a run; FUZZ_RUNS lengthens it. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 12_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2_147_483_647);
const PATH = process.env.FUZZ_PATH;
/** Only a hang takes this long. */
const HANG_MS = 60_000;
const SPARE_SESSIONS = 4;

const CUSTOMER = 'ana@example.com';

/** Must appear in no response; the inputs avoid them, since pages echo input. */
const LEAKS = [
  /\n\s+at .+:\d+:\d+/,
  new RegExp(PROJECT_DIR.replace(/\/$/, '')),
  /node_modules|file:\/\/|node:internal/,
  /error in your SQL syntax|\bER_[A-Z]{3,}|sqlMessage|SQLSTATE|ECONNREFUSED/,
  /inventario_app|password_hash|\$2b\$/,
  /\b(Type|Reference|Syntax|Range|Zod)Error\b|Cannot (read|set) properties|is not a function/,
];

/** Its own system: fuzzing ends sessions, locks users out and stores garbage. */
let system: Stack;
let routes: Route[];
let fields: string[];
let databases: Databases;
/** Their numbers. */
let orders: string[];

beforeAll(async () => {
  system = await Stack.start();
  routes = await listRoutes();
  fields = await listFields();
  orders = await addOrders();
});

afterAll(async () => {
  await closeDatabases(databases);
  await system.stopAndClean();
});

/** Of a customer with the password of the administrator. */
async function addOrders(): Promise<string[]> {
  const primary = await system.data.connect('primary');
  const [{ insertId: customerId }] = await primary.query<ResultSetHeader>(
    `INSERT INTO customer (email, name, language, password_hash)
     SELECT ?, 'Ana', 'es', password_hash FROM user WHERE username = 'admin'`,
    [CUSTOMER],
  );
  await waitForFirstReports(databases);
  const numbers: string[] = [];
  for (const provider of [bankTransfer, cashOnDelivery, bankTransfer, cashOnDelivery]) {
    const product = await addProduct(primary);
    const order = await buy(databases, [{ product, quantity: 2 }], { provider, customerId });
    numbers.push(order.number);
  }
  await primary.end();
  return numbers;
}

async function listRoutes(): Promise<Route[]> {
  const { data } = system;
  Object.assign(process.env, {
    INSTANCE: 'fuzz',
    SHOP: 'on',
    PRIMARY: `127.0.0.1:${data.process('primary').port}`,
    REPLICAS: `127.0.0.1:${data.process('replica1').port}`,
    APP_PASSWORD: await data.secret('APP_PASSWORD'),
    MONITOR_PASSWORD: await data.secret('MONITOR_PASSWORD'),
    SESSION_SECRET: await data.secret('SESSION_SECRET'),
  });
  const config = readWebConfig();
  databases = createDatabases(config);
  const draining = new AbortController().signal;
  const logger = pino({ level: 'silent' });
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  const app = await createApp({ config, databases, heartbeat, jobs, logger, draining });
  // Answered before any route.
  const others = ['/static/x/app/css/app.css', '/static/:id/bootstrap/:id', '/language/:id', '/no/such/page'];
  return [...routesOf(app), ...others.map((path) => ({ method: 'GET', path }))];
}

/** All form fields, plus parameters of URLs and the API. */
async function listFields(): Promise<string[]> {
  const folder = join(PROJECT_DIR, 'views');
  const views = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ejs'));
  const texts = await Promise.all(views.map((name) => readFile(join(folder, name), 'utf8')));
  const named = texts.flatMap((text) => [...text.matchAll(/name="(\w+)"/g)].map(([, name]) => name!));
  const others = [
    'name',
    'code',
    'description',
    'quantity',
    'unit',
    'category',
    'password',
    'current',
    'repeated',
  ];
  const programs = [
    'delta',
    'version',
    'search',
    'sort',
    'cursor',
    'limit',
    'before',
    'availability',
    'return',
  ];
  const foreign = ['__proto__', 'constructor', 'prototype', 'toString', 'id', 'role', 'user_id', 'a[b]', ''];
  return [...new Set([...named, ...others, ...programs, ...foreign])];
}

const HOSTILE = [
  "' OR '1'='1' -- ",
  '1; DROP TABLE product; --',
  "' UNION SELECT 1,2,3,4 -- ",
  "1' AND SLEEP(5) AND '1'='1",
  '\\',
  '%',
  '_%',
  '`',
  '<script>window.__xss=1</script>',
  '"><img src=x onerror=window.__xss=1>',
  '<%= 7*7 %>${7*7}{{7*7}}#{7*7}',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '\u0000',
  'a\r\nSet-Cookie: planted=1',
  '\ud800',
  '\u202e\u200b\ufeff',
  '😀'.repeat(60),
  'x'.repeat(6000),
  '-1',
  '0',
  '1e309',
  'NaN',
  '9007199254740993',
  '2147483648',
  '4294967296',
  '0x10',
  '١٢',
  '[object Object]',
  '__other__',
  'null',
  '=1+1',
  '//evil.example',
  '/\\evil.example',
  'javascript:alert(1)',
  '$where',
  '%s%n%x',
];

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('1', '5', 'Otros', 'available', '-name', 'quantity', 'caja', 'T-1', 'admin'),
  },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  fc.integer().map(String),
);

const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 600 }).map(String) },
  { weight: 2, arbitrary: fc.nat().map((index) => orders[index % orders.length]!) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('0', '-1', '4294967295', '4294967296', '1e3', '99999999999', 'new', '%00'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%E0%A4%A', '%', '..%2f..%2fx', '%ff', 'a%0d%0aX:%20y', 'export.xlsx', '.'),
  },
  value.map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 3000)),
);

const pairs = (maxLength: number) =>
  fc.array(
    fc.tuple(
      fc.nat().map((index) => fields[index % fields.length]!),
      value,
    ),
    { maxLength },
  );

const encoded = (list: [string, string][]) =>
  list
    .map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text.toWellFormed())}`)
    .join('&');

const query = fc.oneof(
  fc.constant(''),
  pairs(4).map((list) => `?${encoded(list).slice(0, 6000)}`),
  fc.constantFrom(
    '?%',
    '?search=%E0%A4%A',
    '?search=a&search=b',
    '?search[]=a&search[b]=c',
    '?cursor=e30',
    '?&&==&',
  ),
);

const headerText = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    'a'.repeat(4000),
    "' OR 1=1 --",
    '<script>',
    'j:{"a":1}',
    'j:[',
    's:x.y',
    '%00',
    '../..',
    'null',
  ),
  fc.stringMatching(/^[ -~]{0,60}$/),
);

const header = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      ...[
        'accept',
        'accept-language',
        'accept-encoding',
        'x-request-id',
        'x-forwarded-for',
        'x-forwarded-proto',
      ],
      ...['x-forwarded-host', 'x-real-ip', 'origin', 'referer', 'sec-fetch-site', 'range', 'if-none-match'],
      ...['if-modified-since', 'x-csrf-token', 'idempotency-key', 'x-http-method-override', 'authorization'],
      ...['content-type', 'content-encoding', 'user-agent', 'te', 'forwarded', 'purpose', 'x-original-url'],
    ),
    headerText,
  ),
  fc.tuple(
    fc.constant('extra-cookie'),
    fc.constantFrom(
      ...[
        'inventario.csrf=j:{"a":1}',
        'lang=j:["es"]',
        'inventario.sid=s:x.y',
        'inventario.sid=j:null',
        '=;=;',
      ],
      ...[
        '__proto__=1',
        'lang=xx',
        'inventario.csrf=%E0%A4%A',
        '__Host-inventario.csrf=j:{}',
        'a=' + 'b'.repeat(3000),
      ],
    ),
  ),
  fc.constantFrom<[string, string]>(
    ['accept', 'application/json'],
    ['accept-language', 'en'],
    ['x-forwarded-proto', 'https'],
    ['sec-fetch-site', 'same-origin'],
    ['range', 'bytes=0-5'],
  ),
);

interface Body {
  type: string | undefined;
  content: Buffer;
}

/** A valid product form with one or two fields replaced. */
const almostRight = pairs(2).map((list) => {
  const right = { name: 'Azada', code: 'F-1', quantity: '3', unit: 'u', category: 'Otros', version: '1' };
  return bodyOf(
    'application/x-www-form-urlencoded',
    encoded(Object.entries({ ...right, ...Object.fromEntries(list) })),
  );
});

const body: fc.Arbitrary<Body> = fc.oneof(
  { weight: 4, arbitrary: almostRight },
  {
    weight: 5,
    arbitrary: pairs(9).map((list) => bodyOf('application/x-www-form-urlencoded', encoded(list))),
  },
  {
    weight: 4,
    arbitrary: pairs(6).map((list) => bodyOf('application/json', JSON.stringify(Object.fromEntries(list)))),
  },
  {
    weight: 2,
    arbitrary: fc
      .record(
        {
          delta: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
          quantity: fc.jsonValue(),
          version: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((change) => bodyOf('application/json', JSON.stringify(change))),
  },
  fc.jsonValue().map((content) => bodyOf('application/json', JSON.stringify(content))),
  fc.constantFrom(
    bodyOf('application/json', '{"a":'),
    bodyOf('application/json', '{"__proto__":{"role":"administrator"},"constructor":{"prototype":{"x":1}}}'),
    bodyOf('application/json', '['.repeat(40_000)),
    bodyOf('application/json', `${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`),
    bodyOf('application/json; charset=utf-7', '{}'),
    bodyOf('application/json; charset=utf-16', '{}'),
    bodyOf('application/x-www-form-urlencoded; charset=latin9', 'name=%F1'),
    bodyOf('application/x-www-form-urlencoded', `${'a[b]'.repeat(5000)}=1`),
    bodyOf('application/x-www-form-urlencoded', '%%%=%zz&=&&name=%E0%A4%A&name=%ff'),
    bodyOf('application/x-www-form-urlencoded', 'a=1&'.repeat(3000)),
    bodyOf(
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nv\r\n--x--',
    ),
    bodyOf('text/xml', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:/etc/hostname">]><a>&b;</a>'),
    bodyOf('text/plain', 'quantity=1'),
    bodyOf(undefined, 'name=x'),
  ),
  fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => ({ type: 'application/json', content: Buffer.from(bytes) })),
  fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => ({ type: 'application/x-www-form-urlencoded', content: Buffer.from(bytes) })),
  fc.constant({ type: 'application/json', content: gzipSync('{"delta":1}') }),
);

function bodyOf(type: string | undefined, content: string): Body {
  return { type, content: Buffer.from(content) };
}

const input = fc.record({
  route: fc.nat(),
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS.filter((method) => method !== 'CONNECT')) },
  ),
  params: fc.array(number, { minLength: 3, maxLength: 3 }),
  query,
  headers: fc.array(header, { maxLength: 3 }),
  body: fc.option(body),
  signedIn: fc.boolean(),
  withToken: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
  through: fc.constantFrom('nginx', 'web2'),
});

type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

interface Session {
  cookies: string;
  token: string;
}

type Kind = 'staff' | 'customer';

const kindOf = (path: string): Kind => (/^\/(tienda|shop)(?![^/?])/.test(path) ? 'customer' : 'staff');

const LOG_OUT = /^\/(logout|tienda\/cuenta\/cerrar-sesion|shop\/account\/log-out)/;

const LOG_INS = {
  staff: { page: '/login', own: '/products/new', name: { username: 'admin' } },
  customer: { page: '/shop/account/log-in', own: '/shop/account/details', name: { email: CUSTOMER } },
};

async function logIn(kind: Kind): Promise<Session> {
  const { page, own, name } = LOG_INS[kind];
  const cookies = new Map<string, string>();
  const visit = async (method: string, path: string, form = '') => {
    const headers = {
      cookie: [...cookies].map(([name, text]) => `${name}=${text}`).join('; '),
      'sec-fetch-site': 'same-origin',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const { response, text } = await send(system.port, method, path, headers, Buffer.from(form));
    for (const cookie of response.headers['set-cookie'] ?? []) {
      const [, name, text] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, text!);
    }
    return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
  };
  const token = await visit('GET', page);
  await visit('POST', page, encoded(Object.entries({ _csrf: token, ...name, password: 'admin123' })));
  const ownToken = await visit('GET', own);
  if (!ownToken) throw new Error(`The fuzzing could not log in as ${kind}`);
  return { token: ownToken, cookies: [...cookies].map(([key, text]) => `${key}=${text}`).join('; ') };
}

/** Several, as requests log out. */
async function logInOften(kind: Kind): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let i = 0; i <= SPARE_SESSIONS; i++) sessions.push(await logIn(kind));
  return sessions;
}

function send(port: number, method: string, path: string, headers: Record<string, string>, content?: Buffer) {
  return new Promise<{ response: IncomingMessage; text: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, timeout: HANG_MS };
    const asked = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ response, text: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer: it hangs')));
    asked.on('error', reject);
    asked.end(content);
  });
}

test(
  `${RUNS} generated requests to every route cause no failure, hang or leak`,
  async () => {
    console.log(`FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}`);
    const pids = () => system.data.processes().map(({ name, pid }) => `${name} ${pid}`);
    const before = pids();
    const sessions = { staff: await logInOften('staff'), customer: await logInOften('customer') };
    const answers = new Map<string, Map<number, number>>();

    const check = async (given: Input) => {
      const route = routes[given.route % routes.length]!;
      const method = given.method || route.method;
      // Spare the user who runs the fuzzing.
      const params = /^\/users/.test(route.path)
        ? given.params.map((text) => (text === '1' ? '2' : text))
        : given.params;
      let index = 0;
      const path = route.path.replace(/:\w+/g, () => params[index++ % 3]!) + given.query;
      const own = sessions[kindOf(path)];
      const session = own.at(-1)!;
      const endsSession = LOG_OUT.test(path) && given.signedIn && own.length === 1;
      const headers: Record<string, string> = {};
      let cookies = given.signedIn ? session.cookies : '';
      for (const [name, text] of given.headers) {
        if (name === 'extra-cookie') cookies += `; ${text}`;
        else headers[name] = text;
      }
      if (cookies) headers.cookie = cookies;
      if (given.withToken && given.signedIn && !endsSession) headers['x-csrf-token'] ??= session.token;
      // A visitor of the shop has no token.
      if (given.withToken) headers['sec-fetch-site'] ??= 'same-origin';
      const content = given.body?.content ?? Buffer.alloc(0);
      if (given.body?.type) headers['content-type'] ??= given.body.type;
      headers['content-length'] = String(content.length);
      const port = given.through === 'nginx' ? system.port : system.data.process('web2').port!;
      const ask = () => send(port, method, path, headers, content);
      let { response, text } = await ask();
      // A pause of the machine makes an instance miss its primary for a moment; a fault of the request comes again.
      if (response.statusCode === 503) {
        await sleep(5000);
        ({ response, text } = await ask());
      }

      const status = response.statusCode!;
      const key = `${route.method} ${route.path}${given.signedIn ? '' : ' (nobody)'}`;
      const counts = answers.get(key) ?? answers.set(key, new Map()).get(key)!;
      counts.set(status, (counts.get(status) ?? 0) + 1);
      expect({ method, path, status }).toEqual({ method, path, status: expect.any(Number) as unknown });
      if (status >= 500) throw new Error(`${method} ${path} failed with ${status}: ${text.slice(0, 500)}`);
      const all = `${JSON.stringify(response.headers)}\n${text}`;
      for (const leak of LEAKS) {
        const found = leak.exec(all);
        if (found)
          throw new Error(
            `${method} ${path} tells ${leak.source}: ${all.slice(found.index - 200, found.index + 300)}`,
          );
      }
      expect(response.headers).not.toHaveProperty('x');
      // A notice may quote what was typed, encoded; it is no cookie or attribute of its own.
      expect((response.headers['set-cookie'] ?? []).join('; ')).not.toMatch(/(^|[;,\s])planted\b/);
      if (LOG_OUT.test(path) && given.signedIn && status === 303 && own.length > 1) own.pop();
    };

    await fc.assert(fc.asyncProperty(input, check), {
      seed: SEED,
      numRuns: RUNS,
      ...(PATH && { path: PATH }),
      endOnFailure: false,
      interruptAfterTimeLimit: 20 * 60_000,
      markInterruptAsFailure: true,
    });

    console.log(
      [...answers]
        .map(
          ([route, counts]) =>
            `${route}: ${[...counts]
              .sort()
              .map(([status, count]) => `${status} × ${count}`)
              .join(', ')}`,
        )
        .sort()
        .join('\n'),
    );
    // Every route was reached while signed in.
    for (const { method, path } of routes) {
      const counts = answers.get(`${method} ${path}`);
      expect([path, counts ? [...counts.values()].reduce((sum, count) => sum + count) > 5 : false]).toEqual([
        path,
        true,
      ]);
    }
    for (const route of ['GET /products', 'GET /shop/account/orders', 'GET /tienda/cuenta/direcciones'])
      expect([route, answers.get(route)?.has(200)]).toEqual([route, true]);
    expect(pids()).toEqual(before);
  },
  30 * 60_000,
);

test('after fuzzing every instance serves, and movements add up to the quantities, orders to their holds and money', async () => {
  for (const name of ['web1', 'web2', 'web3']) {
    const url = `http://127.0.0.1:${system.data.process(name).port}`;
    expect((await new Client(url).get('/health/ready')).status).toBe(200);
    expect((await new Client(url).get('/login')).status).toBe(200);
  }
  const primary = await system.data.connect('primary');
  const [wrong] = await primary.query<RowDataPacket[]>(`
    SELECT p.id, p.quantity, COALESCE(SUM(m.delta), 0) AS booked
    FROM (SELECT id, quantity FROM product UNION ALL SELECT id, quantity FROM deleted_product) AS p
    LEFT JOIN stock_movement AS m ON m.product_id = p.id
    GROUP BY p.id, p.quantity
    HAVING booked <> p.quantity OR p.quantity < 0`);
  const [[products]] = await primary.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM product');
  await primary.end();
  expect(wrong).toEqual([]);
  expect(await faultsOf(databases)).toEqual([]);
  expect(Number(products!.count)).toBeGreaterThan(300);
});
