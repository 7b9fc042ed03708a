import { expect, test } from '@jest/globals';
import express, { Router, type ErrorRequestHandler, type RequestHandler } from 'express';
import request from 'supertest';
import { shop } from '../../src/audiences/shop.ts';
import { webhooks } from '../../src/audiences/webhooks.ts';
import { MysqlPhotoStore } from '../../src/photos/mysql-photo-store.ts';
import { LoginQueue } from '../../src/auth/login-queue.ts';
import { closeDatabases, createDatabases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Client } from '../support/client.ts';
import { webConfig } from '../support/web-config.ts';

const FROM_A_BROWSER = { Accept: 'text/html', 'Accept-Language': 'en', Cookie: 'lang=es' };
const OTHER_SITE = { Origin: 'https://other.example', 'Sec-Fetch-Site': 'cross-site' };

test.each(['/api/v1', '/api/v1/products', '/API/V1/products', '/webhooks', '/webhooks/none'])(
  '%s answers JSON, sets no cookie and needs no CSRF token',
  async (path) => {
    const client = await Client.signedIn();
    for (const method of ['get', 'post', 'patch', 'delete'] as const) {
      for (const agent of [client.agent, new Client().agent]) {
        const response = await agent[method](path).set(FROM_A_BROWSER).set(OTHER_SITE).send('{ not JSON');
        expect([method, response.status]).toEqual([method, 404]);
        expect(response.body).toEqual({
          error: 'This page does not exist.',
          requestId: response.headers['x-request-id'],
        });
        expect(response.headers['set-cookie']).toBeUndefined();
        expect(response.headers.vary).not.toMatch(/cookie/i);
        expect(response.headers['cache-control']).toBe('no-store');
      }
    }
  },
);

test('staff pages answer a path that only resembles another audience', async () => {
  const stranger = new Client();
  for (const path of ['/api/v2/products', '/api/v10', '/api/products']) {
    expect([path, (await stranger.get(path)).status]).toEqual([path, 401]);
  }
  for (const path of ['/shops', '/tiendas/carrito', '/webhooks-none', '/language']) {
    const response = await stranger.get(path);
    expect(response.headers.location).toBe(`/login?return=${encodeURIComponent(path)}`);
  }
});

test('a webhook receives the raw body, and only at its own path', async () => {
  const received: unknown[] = [];
  const receiver = Router().post('/webhooks/test', (req, res) => {
    received.push(req.body);
    res.sendStatus(204);
  });
  const language: RequestHandler = (_req, _res, next) => next();
  const draining = new AbortController();
  const app = express();
  app.use(webhooks({ language, draining: draining.signal }, receiver));
  app.use((_req, res) => res.sendStatus(418));

  const bytes = '{ "amount":  1.00, "name": "Ñ" }';
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const sent = request(app).post('/webhooks/test').set('Content-Type', type);
    expect((await sent.send(bytes)).status).toBe(204);
  }
  expect(received).toEqual(Array(3).fill(Buffer.from(bytes)));
  expect((await request(app).post('/webhooks/test').send('a'.repeat(110_000))).status).toBe(413);
  expect((await request(app).post('/test')).status).toBe(418);
  // Webhooks are accepted even during shutdown.
  draining.abort();
  expect((await request(app).post('/webhooks/test').send(bytes)).status).toBe(204);
});

test('while the shop is off, none of its addresses exists', async () => {
  const config = { ...(await webConfig()), SHOP: false };
  const databases = createDatabases(config);
  const language: RequestHandler = (_req, _res, next) => next();
  const app = express();
  const draining = new AbortController().signal;
  const logger = createLogger(config);
  const jobs = new Jobs(config, databases, logger);
  const photos = new MysqlPhotoStore(databases);
  const shared = { config, databases, logger, photos, jobs, language, draining };
  app.use(shop({ ...shared, queue: new LoginQueue(), providers: new Map() }));
  const answer: ErrorRequestHandler = (error: { status: number }, _req, res, next) => {
    if (res.headersSent) return next(error);
    res.sendStatus(error.status);
  };
  app.use(answer);
  app.use((_req, res) => res.sendStatus(418));
  for (const path of ['/tienda', '/shop/', '/tienda/cuenta', '/shop/account/log-in', '/SHOP/cart']) {
    expect([path, (await request(app).get(path)).status]).toEqual([path, 404]);
    expect([path, (await request(app).post(path)).status]).toEqual([path, 404]);
  }
  expect((await request(app).get('/shops')).status).toBe(418);
  await closeDatabases(databases);
});
