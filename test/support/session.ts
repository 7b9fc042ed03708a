import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_FOR_MS = 90_000;
const TIMEOUT_MS = 30_000;
const RETRY_TIMEOUT_MS = 5000;

export interface Sent {
  path: string;
  method?: 'POST' | 'PATCH';
  form?: Record<string, string | number>;
  json?: object;
  /** The idempotency key, the same for every retry. */
  key?: string;
}

export interface Answer {
  status: number;
  /** Empty without a redirect. */
  location: string;
  text: string;
}

/** All retries failed; the outcome of the request is unknown. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

/** A user's cookies and CSRF token. Every instance accepts them, so each request names its address. */
export class Session {
  readonly #cookies = new Map<string, string>();
  #token = '';

  static async signIn(url: string, username = 'admin', password = 'admin123'): Promise<Session> {
    const session = new Session();
    await session.#takeToken(url, '/login');
    const login = { path: '/login', method: 'POST' as const, form: { username, password } };
    const answer = await session.send(url, login);
    if (answer.status !== 303) throw new Error(`Logging in failed with ${answer.status}: ${answer.text}`);
    await session.#takeToken(url, '/products/new');
    return session;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get token(): string {
    return this.#token;
  }

  async #takeToken(url: string, path: string): Promise<void> {
    const { text } = await this.send(url, { path });
    this.#token = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
  }

  /** @throws when no complete response arrives in time; the outcome is then unknown */
  async send(url: string, { path, method, form, json, key }: Sent, limitMs = TIMEOUT_MS): Promise<Answer> {
    const headers: Record<string, string> = {
      cookie: this.cookie,
      ...(method && { 'x-csrf-token': this.#token }),
      ...(key && { 'idempotency-key': key }),
      ...(json && { 'content-type': 'application/json' }),
    };
    const fields = form && Object.entries(form).map(([name, value]) => [name, String(value)]);
    const response = await fetch(url + path, {
      method: method ?? 'GET',
      headers,
      body: json ? JSON.stringify(json) : fields ? new URLSearchParams(fields) : null,
      redirect: 'manual',
      signal: AbortSignal.timeout(limitMs),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name) this.#cookies.set(name, value ?? '');
    }
    const text = await response.text();
    return { status: response.status, location: response.headers.get('location') ?? '', text };
  }

  /** @throws NoAnswerError */
  async sendUntilAnswered(urls: string[], sent: Sent): Promise<Answer> {
    return untilAnswered(urls, sent, (url, limitMs) => this.send(url, sent, limitMs));
  }
}

/**
 * Retries with the same key, at one address after the other, while the outcome is unknown (502 to 504, a broken
 * connection, a timeout).
 *
 * @throws NoAnswerError
 */
export async function untilAnswered(
  urls: string[],
  sent: Sent,
  send: (url: string, limitMs: number) => Promise<Answer>,
): Promise<Answer> {
  const giveUpAt = Date.now() + RETRY_FOR_MS;
  for (let attempt = 0; ; attempt++) {
    const problem = await send(urls[attempt % urls.length]!, RETRY_TIMEOUT_MS).then(
      (answer) => (isUnavailable(sent, answer) ? `${answer.status} ${answer.text.slice(0, 200)}` : answer),
      (error: unknown) => String(error),
    );
    if (typeof problem !== 'string') return problem;
    if (Date.now() > giveUpAt) throw new NoAnswerError(`${sent.method} ${sent.path}: ${problem}`);
    await sleep(150);
  }
}

/** A GET may get 500 while a database is away: NGINX does not count that as a broken instance. */
function isUnavailable({ method }: Sent, { status }: Answer): boolean {
  return [502, 503, 504].includes(status) || (!method && status === 500);
}
