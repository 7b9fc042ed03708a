import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { z } from 'zod';
import { Messenger, ORDINARY, type Behaviour } from './messenger.ts';
import { paypalSimulator } from './paypal-simulator.ts';
import { redsysSimulator } from './redsys-simulator.ts';
import type { Simulated } from './simulated-gateway.ts';
import { stripeSimulator } from './stripe-simulator.ts';
import { wompiSimulator } from './wompi-simulator.ts';

const HOST = '127.0.0.1';

const SIMULATORS = {
  wompi: wompiSimulator,
  redsys: redsysSimulator,
  stripe: stripeSimulator,
  paypal: paypalSimulator,
};

export type GatewayName = keyof typeof SIMULATORS;

const GATEWAYS = Object.keys(SIMULATORS) as GatewayName[];

const changes = z
  .object({
    hangs: z.boolean(),
    refuses: z.boolean(),
    delayMs: z.int().min(0).max(600_000),
    drops: z.boolean(),
    repeats: z.int().min(0).max(100),
    reorders: z.boolean(),
  })
  .partial()
  .strict();

/** One server with all gateways, which speaks what they document. No money moves. */
export class GatewaySimulators {
  /** The shop, which is told of payments. */
  site: string;
  readonly #messengers = new Map(GATEWAYS.map((name) => [name, new Messenger()]));
  readonly #server: Server;

  constructor(site: string) {
    this.site = site;
    this.#server = createServer(this.#app());
  }

  async start(port = 0): Promise<void> {
    this.#server.listen(port, HOST);
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const messenger of this.#messengers.values()) messenger.stop();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  messenger(gateway: GatewayName): Messenger {
    return this.#messengers.get(gateway)!;
  }

  /** What is not named becomes ordinary. */
  behave(gateway: GatewayName, behaviour: Partial<Behaviour>): void {
    this.messenger(gateway).behaviour = { ...ORDINARY, ...behaviour };
  }

  #app(): express.Express {
    const app = express();
    app.disable('x-powered-by');
    app.use(express.urlencoded({ extended: true, limit: '100kb' }));
    app.use(express.json({ limit: '100kb' }));
    for (const name of GATEWAYS) app.use(SIMULATORS[name](this.#simulated(name)));
    app.get('/', (_req, res) => void res.json(Object.fromEntries(this.#behaviours())));
    app.put('/behaviour/:gateway', (req, res) => {
      const gateway = z.enum(GATEWAYS).safeParse(req.params.gateway);
      const change = changes.safeParse(req.body);
      if (!gateway.success || !change.success) return res.sendStatus(400);
      this.behave(gateway.data, change.data as Partial<Behaviour>);
      res.json(this.messenger(gateway.data).behaviour);
    });
    app.post('/flush/:gateway', (req, res) => {
      const gateway = z.enum(GATEWAYS).safeParse(req.params.gateway);
      if (gateway.success) this.messenger(gateway.data).flush();
      res.sendStatus(gateway.success ? 204 : 400);
    });
    return app;
  }

  #simulated(name: GatewayName): Simulated {
    return {
      messenger: this.messenger(name),
      base: () => this.url,
      webhookUrl: (provider) => `${this.site}/webhooks/payments/${provider}`,
    };
  }

  #behaviours() {
    return [...this.#messengers].map(([name, { behaviour }]) => [name, behaviour] as const);
  }
}
