import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Connection } from 'mysql2/promise';
import { createApp } from '../../src/app.ts';
import type { WebConfig } from '../../src/config/config.ts';
import { closeDatabases, type Databases } from '../../src/database/databases.ts';
import { Jobs } from '../../src/jobs/jobs.ts';
import { startPayment } from '../../src/orders/provider-calls.ts';
import { allProviders } from '../../src/payments/all-providers.ts';
import { providerOf, type PaymentProvider, type Providers, type Start } from '../../src/payments/provider.ts';
import { returnPath } from '../../src/shop/payment-return.ts';
import { Heartbeat } from '../../src/system/heartbeat.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { GatewaySimulators, type GatewayName } from '../../tools/gateway-simulators/gateway-simulators.ts';
import { KEYS } from '../../tools/gateway-simulators/keys.ts';
import type { Decision } from '../../tools/gateway-simulators/payment-page.ts';
import { addProduct, buy, rowsOf, stateOf, type ShopProduct } from '../orders/shop-support.ts';
import { openDatabases } from '../support/open-databases.ts';
import { stack } from '../support/shared-stack.ts';
import { webConfig } from '../support/web-config.ts';

export interface Method {
  name: string;
  gateway: GatewayName;
  currency: string;
}

export const METHODS: Method[] = [
  { name: 'wompi', gateway: 'wompi', currency: 'COP' },
  { name: 'redsys', gateway: 'redsys', currency: 'EUR' },
  { name: 'bizum', gateway: 'redsys', currency: 'EUR' },
  { name: 'stripe', gateway: 'stripe', currency: 'USD' },
  { name: 'paypal', gateway: 'paypal', currency: 'USD' },
];

/** In minor units of each currency, with the delivery of `buy`. */
export const TOTAL = 1500;

export interface Bought {
  id: number;
  number: string;
  paymentId: number;
  product: ShopProduct;
}

/** An instance with every gateway, on the databases of the system under test; the gateways are simulated. */
export class PaymentSystem {
  readonly databases: Databases;
  readonly root: Connection;
  readonly simulators: GatewaySimulators;
  readonly providers: Providers;
  readonly url: string;
  readonly #server: Server;

  private constructor(
    parts: Pick<PaymentSystem, 'databases' | 'root' | 'simulators' | 'providers' | 'url'>,
    server: Server,
  ) {
    this.databases = parts.databases;
    this.root = parts.root;
    this.simulators = parts.simulators;
    this.providers = parts.providers;
    this.url = parts.url;
    this.#server = server;
  }

  static async open(): Promise<PaymentSystem> {
    const databases = await openDatabases();
    const root = await stack.connect('primary');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const simulators = new GatewaySimulators(url);
    await simulators.start();
    const config: WebConfig = {
      ...(await webConfig()),
      ...{ ...KEYS, REDSYS_BIZUM: true, PUBLIC_URL: url, GATEWAY_SIMULATOR: simulators.url },
    };
    const providers = allProviders(config, returnPath);
    const logger = createLogger(config);
    const jobs = new Jobs(config, databases, logger);
    const heartbeat = new Heartbeat(config, databases, jobs);
    const draining = new AbortController().signal;
    server.on(
      'request',
      await createApp({ config, databases, logger, heartbeat, jobs, providers, draining }),
    );
    return new PaymentSystem({ databases, root, simulators, providers, url }, server);
  }

  async close(): Promise<void> {
    await this.simulators.stop();
    this.#server.closeAllConnections();
    this.#server.close();
    await this.root.end();
    await closeDatabases(this.databases);
  }

  provider({ name }: Pick<Method, 'name'>): PaymentProvider {
    return providerOf(this.providers, name);
  }

  async buy(method: Method, quantity = 1): Promise<Bought> {
    const product = await addProduct(this.root, { quantity });
    const changes = { provider: this.provider(method), currency: method.currency };
    const { id, number } = await buy(this.databases, [{ product, quantity: 1 }], changes);
    const [payment] = await rowsOf(this.root, 'SELECT id FROM payment WHERE order_id = ?', [id]);
    return { id, number, paymentId: Number(payment!.id), product };
  }

  start({ paymentId }: Pick<Bought, 'paymentId'>): Promise<Start> {
    return startPayment(this.databases.catalogue, this.providers, paymentId);
  }

  /** @returns the order's and the payment's state */
  async states({ id, paymentId }: Bought): Promise<string[]> {
    const [payment] = await rowsOf(this.root, 'SELECT state FROM payment WHERE id = ?', [paymentId]);
    return [await stateOf(this.root, id), String(payment!.state)];
  }
}

/** As a browser does: opens the gateway's page and presses a button there. @returns the address that it leads back to */
export async function decide(start: Start, decision: Decision): Promise<string> {
  const page = await open(start);
  const text = await page.text();
  const action = /action="([^"]+)"/.exec(text)?.[1]?.replaceAll('&#38;', '&');
  if (page.status !== 200 || !action) throw new Error(`${page.status}: ${text}`);
  const body = new URLSearchParams({ decision });
  const response = await fetch(action, { method: 'POST', body, redirect: 'manual' });
  return response.headers.get('location')!;
}

async function open(start: Start): Promise<Response> {
  if (start.kind === 'instructions') throw new Error('There is no page');
  if (start.kind === 'redirect') return fetch(start.url);
  return fetch(start.url, { method: 'POST', body: new URLSearchParams(start.fields) });
}
