import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Response } from 'superagent';
import { findOrInstallPrograms } from '../../tools/launcher/install/programs.ts';
import { Progress } from '../../tools/launcher/progress.js';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { Client } from '../support/client.ts';
import { exchange } from '../support/raw-http.ts';
import { port, stack } from '../support/shared-stack.ts';
import { findFreePorts } from '../support/stack.ts';
import { waitUntil } from '../support/wait-until.ts';

const RUNTIME_DIR = resolve(PROJECT_DIR, process.env.RUNTIME_DIR ?? '.runtime');
let client: Client;
let productId: number;
let answers: Awaited<ReturnType<typeof responses>>;

beforeAll(async () => {
  client = await Client.signedIn();
  ({ id: productId } = await client.register());
  answers = await responses();
});

const behindTls = (path: string, who = new Client(direct())) =>
  who.get(path).set('X-Forwarded-Proto', 'https');
const direct = () => `http://127.0.0.1:${stack.process('web1').port}`;

async function responses(): Promise<[kind: string, Response, status: number][]> {
  const login = await new Client().get('/login');
  const style = /href="([^"]+app\.css)"/.exec(login.text)![1]!;
  return [
    ['page for nobody', login, 200],
    ['page', await client.get('/products'), 200],
    ['product', await client.get(`/products/${productId}`), 200],
    ['redirect', await new Client().get('/products'), 303],
    ['JSON', await client.get('/api/products'), 200],
    ['JSON error', await client.get('/api/products?limit=0'), 400],
    ['JSON for nobody', await new Client().get('/api/products'), 401],
    ['error page', await client.get('/no-such-page'), 404],
    ['refused form', await client.agent.post('/products').type('form').send({}), 403],
    ['Excel file', await client.get('/products/export.xlsx'), 200],
    ['CSV file', await client.get('/products/export.csv'), 200],
    ['static file', await client.get(style), 200],
    ['static file that is not there', await client.get('/static/x/app/none.css'), 404],
    ['state', await client.get('/health'), 200],
    ['readiness', await client.get('/health/ready'), 200],
    ['bad address', await client.get('/products/%ff'), 400],
  ];
}

test('every kind of response carries the security headers', () => {
  for (const [kind, response, status] of answers) {
    const policy = String(response.headers['content-security-policy']);
    expect([kind, response.status]).toEqual([kind, status]);
    expect([kind, policy]).toEqual([kind, expect.stringContaining("default-src 'none'")]);
    for (const part of [
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ])
      expect([kind, policy]).toEqual([kind, expect.stringContaining(part)]);
    expect([kind, policy]).toEqual([kind, expect.not.stringContaining('unsafe')]);
    expect(response.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()') as unknown,
    });
    expect([kind, response.headers['x-powered-by']]).toEqual([kind, undefined]);
    expect([kind, response.headers['access-control-allow-origin']]).toEqual([kind, undefined]);
    expect([kind, response.headers.server]).toEqual([kind, 'nginx']);
  }
});

test('only immutable files are cacheable', () => {
  for (const [kind, response] of answers) {
    const cacheControl = kind === 'static file' ? 'public, max-age=31536000, immutable' : 'no-store';
    expect([kind, response.headers['cache-control']]).toEqual([kind, cacheControl]);
  }
});

test('every response with a body has a Content-Type, text with its charset', () => {
  for (const [kind, response] of answers) {
    if (response.headers['content-length'] === '0') continue;
    const type = String(response.headers['content-type']);
    const isBinary = type.includes('spreadsheetml');
    expect([kind, type]).toEqual([
      kind,
      expect.stringMatching(isBinary ? /^application/ : /; ?charset=utf-8$/i),
    ]);
  }
});

test('each page has its own nonce', async () => {
  const nonce = async () =>
    /'nonce-([\w-]+)'/.exec(String((await client.get('/products')).headers['content-security-policy']))?.[1];
  const [one, other] = [await nonce(), await nonce()];
  // Two UUIDs of 122 random bits each.
  expect(one).toMatch(/^[0-9a-f-]{72}$/);
  expect(one).not.toBe(other);
});

test('sends HSTS on every response behind TLS, and on none over HTTP', async () => {
  const login = await behindTls('/login');
  const style = /href="([^"]+app\.css)"/.exec(login.text)![1]!;
  for (const path of ['/login', '/products', '/api/products', '/no-such-page', '/health/live', style]) {
    const response = await behindTls(path);
    expect([path, response.headers['strict-transport-security']]).toEqual([
      path,
      'max-age=31536000; includeSubDomains',
    ]);
  }
  expect((await new Client(direct()).get('/login')).headers['strict-transport-security']).toBeUndefined();
  // NGINX listens on HTTP here, so X-Forwarded-Proto is not trusted.
  const forged = await behindTls('/login', new Client());
  expect(forged.headers['strict-transport-security']).toBeUndefined();
  expect(String(forged.headers['set-cookie'])).not.toContain('Secure');
});

/** A second NGINX for the same instances, with changed settings. */
async function withNginx(change: (settings: string) => string, work: (base: string) => Promise<void>) {
  const runDir = join(stack.varDir, 'run/nginx');
  const folder = await mkdtemp(join(tmpdir(), 'inventario-nginx-'));
  const listen = await findFreePorts();
  for (const name of ['nginx.conf', 'inventario.conf']) {
    const text = (await readFile(join(runDir, name), 'utf8')).replaceAll(runDir, folder);
    await writeFile(
      join(folder, name),
      change(text).replace(`listen 127.0.0.1:${port}`, `listen 127.0.0.1:${listen}`),
    );
  }
  const { nginx: command } = await findOrInstallPrograms(RUNTIME_DIR, { phpMyAdmin: false }, new Progress());
  // /dev/stdout must be openable, which Node pipes are not.
  const nginx = spawn(command, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  try {
    const base = `http://127.0.0.1:${listen}`;
    await waitUntil(async () => (await fetch(`${base}/health/live`)).status > 0);
    await work(base);
  } finally {
    const ended = once(nginx, 'exit');
    nginx.kill('SIGQUIT');
    await ended;
    await rm(folder, { recursive: true });
  }
}

test('an NGINX that trusts the proxy in front sends HSTS once on every response', async () => {
  const believing = (settings: string) =>
    settings
      .replace('map $scheme ', 'map $http_x_forwarded_proto ')
      .replace('X-Forwarded-Proto $scheme', 'X-Forwarded-Proto $http_x_forwarded_proto');
  await withNginx(believing, async (base) => {
    const login = await (await fetch(`${base}/login`)).text();
    const style = /href="([^"]+app\.css)"/.exec(login)![1]!;
    const policies = async (headers: Record<string, string>) => {
      const answers = ['/login', '/products', '/no-such-page', '/api/products', style, style].map((path) =>
        fetch(base + path, { headers, redirect: 'manual' }),
      );
      // Refused by NGINX itself.
      answers.push(fetch(`${base}/login`, { method: 'POST', headers, body: 'a'.repeat(300_000) }));
      return (await Promise.all(answers)).map((answer) => answer.headers.get('strict-transport-security'));
    };
    const overTls = await policies({ 'X-Forwarded-Proto': 'https' });
    // Duplicates would be joined by a comma.
    expect(overTls).toEqual(Array(7).fill('max-age=31536000; includeSubDomains'));
    expect(await policies({})).toEqual(Array(7).fill(null));
  });
});

test('without instances NGINX answers in both languages or JSON, with Retry-After', async () => {
  const alone = (settings: string) => settings.replace(/server 127\.0\.0\.1:\d+/g, 'server 127.0.0.1:9');
  await withNginx(alone, async (base) => {
    const page = await fetch(`${base}/products`);
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('5');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toMatch(/Ninguna instancia responde.*No instance is responding/);
    const json = await fetch(`${base}/api/products`);
    expect(json.status).toBe(503);
    expect(json.headers.get('retry-after')).toBe('5');
    expect(((await json.json()) as { error: string }).error).toContain('No instance is responding');
  });
});

test('behind TLS cookies are Secure and bound to the host', async () => {
  const person = new Client(direct());
  void person.agent.set('X-Forwarded-Proto', 'https');
  const cookies: string[] = [];
  const note = (response: Response) => {
    cookies.push(...((response.headers['set-cookie'] as string[] | undefined) ?? []));
    return response;
  };
  // Supertest does not send Secure cookies over HTTP.
  const jar = new Map<string, string>();
  const send = async (method: 'get' | 'post', path: string, fields?: object) => {
    const request = person.agent[method](path).set(
      'Cookie',
      [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
    );
    const response = note(await (fields ? request.type('form').send(fields) : request));
    for (const cookie of (response.headers['set-cookie'] as string[] | undefined) ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (value) jar.set(name!, value);
      else jar.delete(name!);
    }
    return response;
  };
  const tokenOn = async (path: string) =>
    /name="_csrf" value="([^"]+)"/.exec((await send('get', path)).text)![1]!;

  const credentials = { username: 'admin', password: 'admin123', _csrf: await tokenOn('/login') };
  expect((await send('post', '/login', credentials)).status).toBe(303);
  expect((await send('get', '/language/en')).status).toBe(303);
  expect((await send('get', '/products')).text).toContain('<html lang="en">');
  expect((await send('post', '/logout', { _csrf: await tokenOn('/products') })).status).toBe(303);
  expect((await send('get', '/products')).status).toBe(303);

  const names = new Set(cookies.map((cookie) => cookie.split('=')[0]));
  expect([...names].sort()).toEqual(['__Host-inventario.csrf', '__Host-inventario.sid', '__Host-lang']);
  for (const cookie of cookies) {
    expect(cookie).toContain('; Path=/');
    expect(cookie).toContain('; Secure');
    expect(cookie).not.toContain('Domain');
    // Cookies that are being cleared.
    if (cookie.includes('1970')) continue;
    expect(cookie).toContain('; HttpOnly');
    expect(cookie).toContain('; SameSite=Lax');
  }
});

test("NGINX's own refusals carry the headers, both languages and the request id", async () => {
  const refusals: [string, string, number][] = [
    ['an address that is too long', `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
    ['a header that is too long', `GET / HTTP/1.1\r\nHost: x\r\nX-Y: ${'a'.repeat(9000)}\r\n\r\n`, 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a body that is too large', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n', 413],
  ];
  for (const [what, bytes, status] of refusals) {
    const answer = await exchange(port, bytes);
    expect([what, answer.status]).toEqual([what, status]);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-served-by': 'nginx',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    });
    const text = Buffer.from(answer.received, 'latin1').toString('utf8');
    expect(text).toMatch(/<p>(La|Solicitud) .*<p lang="en">The /);
    const style = /<style>(.*?)<\/style>/.exec(text)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(answer.headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  }
  const forProgram = await exchange(
    port,
    'PATCH /api/products/1/quantity HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n',
  );
  const json = JSON.parse(forProgram.received.split('\r\n\r\n')[1]!) as { requestId: string };
  expect(forProgram.headers['content-type']).toContain('application/json');
  expect(json.requestId).toBe(forProgram.headers['x-request-id']);
});
