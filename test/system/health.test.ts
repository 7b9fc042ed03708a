import { expect, test } from '@jest/globals';
import { Client } from '../support/client.ts';
import { waitUntil } from '../support/wait-until.ts';

test('the page shows which instance answers, and every response names it', async () => {
  const response = await new Client().get('/health').set('Accept', 'text/html');
  const servedBy = String(response.headers['x-served-by']);
  expect(response.text).toContain(`<p class="instance-name">${servedBy}</p>`);
  expect(response.text).not.toContain('Servido por');
  expect((await new Client().get('/no-such-page')).headers['x-served-by']).toMatch(/^web\d$/);
});

test('JSON gives the state of the instance and of every server', async () => {
  // An instance may have missed one look at a server.
  await waitUntil(async () => {
    const response = await new Client().get('/health').set('Accept', 'application/json');
    expect(response.body).toEqual({
      instance: expect.stringMatching(/^web\d$/) as unknown,
      version: expect.any(String) as unknown,
      uptimeSeconds: expect.any(Number) as unknown,
      onOneServer: false,
      servers: [
        { name: 'primary', role: 'primary', reachable: true },
        {
          name: 'replica1',
          role: 'replica',
          reachable: true,
          replication: { receiving: true, applying: true, lagSeconds: expect.any(Number) as unknown },
        },
      ],
    });
    return true;
  });
});

test('probes tell liveness and readiness', async () => {
  expect((await new Client().get('/health/live')).status).toBe(200);
  expect((await new Client().get('/health/ready')).status).toBe(200);
});

test('pages forbid foreign scripts and frames; static files are compressed and cached', async () => {
  const page = await new Client().get('/login');
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe-inline');
  const style = /href="([^"]+bootstrap\.min\.css)"/.exec(page.text)![1]!;
  const file = await new Client().get(style).set('Accept-Encoding', 'gzip');
  expect(file.headers['content-encoding']).toBe('gzip');
  expect(file.headers['cache-control']).toBe('public, max-age=31536000, immutable');
});
