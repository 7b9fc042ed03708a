import { Agent, request as httpRequest } from 'node:http';

export interface Figures {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** @param times in milliseconds */
export function figuresOf(times: number[]): Figures {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? NaN };
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

export interface Timed {
  status: number;
  location: string;
  text: string;
  /** Until the last byte of the response. */
  ms: number;
}

export interface TimedRequest {
  method?: 'GET' | 'POST' | 'PATCH';
  headers: Record<string, string>;
  body?: string | Buffer;
}

/** Reuses one connection, so that only the request is timed. */
export class TimedClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async send(path: string, { method = 'GET', headers, body }: TimedRequest): Promise<Timed> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const request = httpRequest(this.#url + path, { agent: this.#agent, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const ms = performance.now() - began;
          const { statusCode: status = 0, headers } = response;
          resolve({ status, location: headers.location ?? '', text: Buffer.concat(chunks).toString(), ms });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
