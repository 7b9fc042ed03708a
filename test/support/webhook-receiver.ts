import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface ReceivedWebhook {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

type Answer = number | 'never' | 'endless';

/** Notes what it gets on loopback, and answers as it is told: with a status, never, or 200 with a text that never ends. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  answer: Answer = 204;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((req, res) => {
      void text(req).then((body) => {
        this.received.push({ path: req.url!, headers: req.headers, body });
        if (this.answer === 'never') return;
        if (this.answer === 'endless') Readable.from(endlessText()).pipe(res);
        else res.writeHead(this.answer, { location: '/elsewhere' }).end('secret answer');
      });
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks/t0k3n-of-the-path`;
  }
}

function* endlessText() {
  for (;;) yield 'x'.repeat(1 << 16);
}

/** As docs/deployment.md tells receivers to do it. */
export function isSigned({ headers, body }: ReceivedWebhook, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
