import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { createApp } from '../../src/app.ts';
import {
  closeDatabases,
  createDatabases,
  waitForFirstReports,
  type Databases,
} from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { sell } from '../order-desk/desk-support.ts';
import { Client } from '../support/client.ts';
import { stack } from '../support/shared-stack.ts';
import { waitUntil } from '../support/wait-until.ts';
import { webConfig } from '../support/web-config.ts';

let databases: Databases;
let app: Awaited<ReturnType<typeof appWithoutShop>>;

beforeAll(async () => {
  databases = createDatabases(await webConfig());
  await waitForFirstReports(databases);
  // One for both tests: a process has its metrics once.
  app = await appWithoutShop();
});

afterAll(() => closeDatabases(databases));

async function appWithoutShop() {
  const config = { ...(await webConfig()), SHOP: false };
  const logger = createLogger(config);
  const jobs = new Jobs(config, databases, logger);
  const heartbeat = new Heartbeat(config, databases, jobs);
  return createApp({ config, databases, logger, heartbeat, jobs, draining: new AbortController().signal });
}

const PATHS = [
  ...['/tienda', '/shop', '/Tienda/', '/tienda/productos', '/shop/search?q=a', '/tienda/p/x-1', '/shop/cart'],
  ...['/shop/sitemap.xml', '/shop/sitemaps/pages.xml', '/shop/photos/x.webp'],
];

test('off, no address of the shop exists, whatever the method', async () => {
  for (const path of PATHS) {
    for (const method of ['get', 'post'] as const) {
      const { status, headers } = await request(app)[method](path);
      expect([method, path, status, headers['set-cookie']]).toEqual([method, path, 404, undefined]);
    }
  }
  expect((await request(app).get('/robots.txt')).text).not.toContain('/tienda');
});

test('off, staff are led to orders that are still open', async () => {
  const root = await stack.connect('primary');
  await sell(databases, root);
  await root.end();
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const admin = await Client.signedIn(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    // Home begins with the first steps until something has happened.
    await admin.register({});
    const links = async () => (await admin.get('/')).text.match(/href="\/(orders|delivery)[^"]*"/g);
    // The navigation does not wait for the count.
    await waitUntil(async () => (await links())?.includes('href="/orders"') === true);
    expect(await links()).toContain('href="/orders?todo=confirm"');
    expect(await links()).not.toContain('href="/delivery"');
  } finally {
    server.close();
  }
});
