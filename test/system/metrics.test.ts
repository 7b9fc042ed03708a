import { expect, test } from '@jest/globals';
import { Client, uniqueCode } from '../support/client.ts';
import { rawGet } from '../support/raw-request.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';

async function scrape(instance = 'web1'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${stack.process(instance).port}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  return response.text();
}

function sample(text: string, start: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(start));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

test.each([
  '/metrics',
  '/metrics/',
  '/metrics?a=1',
  '/Metrics',
  '/METRICS',
  '//metrics',
  '/./metrics',
  '/%6detrics',
  '/%6D%65trics',
  '/metrics%2F',
  '/api/../metrics',
  '/static/..%2fmetrics',
  '/health/%2e%2e/metrics',
  'http://127.0.0.1/metrics',
])('NGINX answers 404 to %s', async (target) => {
  const answer = await rawGet(target);
  expect(answer).toMatch(/^HTTP\/1.1 404 /);
  // No instance was asked.
  expect(answer).not.toMatch(/^x-served-by:/im);
  expect(answer).not.toContain('inventario_');
});

test.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Via'])(
  'an instance refuses metrics to a proxied request with %s',
  async (header) => {
    const url = `http://127.0.0.1:${stack.process('web1').port}/metrics`;
    const response = await fetch(url, { headers: { [header]: '127.0.0.1' }, redirect: 'manual' });
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('inventario_');
  },
);

test('counts requests by route pattern, whatever paths are requested', async () => {
  const base = `http://127.0.0.1:${stack.process('web1').port}`;
  const routes = (text: string) =>
    new Set(
      [...text.matchAll(/^inventario_http_requests_total\{.*route="([^"]*)"/gm)].map(([, route]) => route),
    );
  const ask = (path: string) => fetch(base + path, { redirect: 'manual' });
  const client = await Client.signedIn(base);
  const { id } = await client.register();
  await client.get(`/products/${id}`);
  await client.get('/no-such-page');
  await ask('/health/live');
  const before = routes(await scrape());
  expect(before).toContain('/products/:id');
  expect(before).toContain('none');
  for (let i = 0; i < 40; i++) await ask(`/${i}/${Math.random()}`);
  for (let i = 0; i < 20; i++) await client.get(`/products/${i}?search=${i}`);
  await fetch(`${base}/login`, { method: 'PROPFIND', redirect: 'manual' });
  const after = await scrape();
  expect(routes(after)).toEqual(before);
  expect(after).not.toContain('PROPFIND');
  expect(
    sample(after, `inventario_http_requests_total{method="GET",route="/products/:id",status="404"}`),
  ).toBeDefined();
  expect(
    sample(after, 'inventario_http_request_duration_seconds_count{method="GET",route="/products/:id"}'),
  ).toBeGreaterThan(20);
});

test('counts failed log-ins, and reads by server', async () => {
  const base = `http://127.0.0.1:${stack.process('web2').port}`;
  const before = await scrape('web2');
  expect((await new Client(base).logIn(uniqueCode(), 'not the password')).status).toBe(422);
  const client = await Client.signedIn(base);
  await client.get('/products');
  const after = await scrape('web2');
  const grown = (start: string) => (sample(after, start) ?? 0) - (sample(before, start) ?? 0);
  expect(grown('inventario_failed_log_ins_total')).toBe(1);
  expect(
    grown('inventario_reads_total{server="replica1"}') + grown('inventario_reads_total{server="primary"}'),
  ).toBeGreaterThan(0);
  expect(sample(after, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(sample(after, 'inventario_server_up{server="primary",role="primary"}')).toBe(1);
});

test('counts connections in use and requests waiting for one', async () => {
  const base = `http://127.0.0.1:${stack.process('web1').port}`;
  const client = await Client.signedIn(base);
  const { id } = await client.register();
  const primary = await stack.connect('primary');
  // One row lock blocks thirty changes, which take all twenty connections.
  await primary.query('START TRANSACTION; SELECT * FROM product WHERE id = ? FOR UPDATE', [id]);
  const changes = Array.from({ length: 30 }, () => client.changeQuantity(id, { delta: 1 }));
  try {
    await waitUntil(async () => {
      const text = await scrape();
      const inUse = sample(text, 'inventario_pool_connections{server="primary",state="in_use"}');
      const waiting = sample(text, 'inventario_pool_connections{server="primary",state="waiting"}');
      return inUse === 20 && waiting! > 0;
    });
  } finally {
    await primary.query('ROLLBACK');
    await primary.end();
    await Promise.all(changes);
  }
  await waitUntil(async () => {
    const text = await scrape();
    return sample(text, 'inventario_pool_connections{server="primary",state="waiting"}') === 0;
  });
});

test('metrics show a stopped replica, and reads fall back to the primary', async () => {
  const fallbacks = (text: string) =>
    sample(text, 'inventario_read_fallbacks_total{reason="no replica"}') ?? 0;
  const client = await Client.signedIn(`http://127.0.0.1:${stack.process('web1').port}`);
  const before = fallbacks(await scrape());
  const replica = await stack.connect('replica1');
  await replica.query('STOP REPLICA');
  try {
    await waitUntil(async () => {
      await client.register();
      await client.get('/products');
      const text = await scrape();
      return (
        sample(text, 'inventario_replica_following{server="replica1"}') === 0 &&
        sample(text, 'inventario_replica_missing_transactions{server="replica1"}')! > 1 &&
        fallbacks(text) > before
      );
    });
  } finally {
    await replica.query('START REPLICA');
    await replica.end();
  }
  await waitUntil(async () => {
    const text = await scrape();
    return sample(text, 'inventario_replica_following{server="replica1"}') === 1;
  });
});

test('the public health page reveals no internals', async () => {
  const response = await fetch(`${baseUrl}/health`, { headers: { accept: 'application/json' } });
  expect(await response.text()).not.toMatch(/gtid|uuid|inUse|9\.7/i);
});
