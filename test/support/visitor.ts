import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { untilAnswered, type Answer, type Sent } from './session.ts';

let last = 0;

/** Limits count networks. Linux takes connections from all of 127.0.0.0/8. */
function ownLoopback(): string {
  last++;
  return `127.${1 + (last >> 16)}.${(last >> 8) & 255}.${last & 255}`;
}

/** A visitor's browser: its cookies, and an address of its own. */
export class Visitor {
  readonly #localAddress = ownLoopback();
  readonly #cookies = new Map<string, string>();
  readonly #agent: Agent | false;

  /** @param isKept whether one connection serves all requests, so that only they take time */
  constructor({ isKept = false } = {}) {
    this.#agent = isKept && new Agent({ keepAlive: true, maxSockets: 1 });
  }

  close(): void {
    if (this.#agent) this.#agent.destroy();
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** @throws when no complete response arrives in time; the outcome is then unknown */
  async send(url: string, { path, method, form, key }: Sent, limitMs = 30_000): Promise<Answer> {
    const fields = Object.entries(form ?? {}).map(([name, value]) => [name, String(value)]);
    const body = form && new URLSearchParams(fields).toString();
    const request = httpRequest(url + path, {
      ...{ method: method ?? 'GET', localAddress: this.#localAddress, agent: this.#agent },
      signal: AbortSignal.timeout(limitMs),
      headers: {
        ...(this.#cookies.size > 0 && { cookie: this.cookie }),
        ...(body && { 'content-type': 'application/x-www-form-urlencoded', origin: url }),
        ...(key && { 'idempotency-key': key }),
      },
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    for (const cookie of response.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name) this.#cookies.set(name, value ?? '');
    }
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const { statusCode: status = 0, headers } = response;
    return { status, location: headers.location ?? '', text: Buffer.concat(chunks).toString() };
  }

  /** @throws NoAnswerError */
  async sendUntilAnswered(urls: string[], sent: Sent): Promise<Answer> {
    return untilAnswered(urls, sent, (url, limitMs) => this.send(url, sent, limitMs));
  }
}
