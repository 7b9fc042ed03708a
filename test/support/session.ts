import { setTimeout as sleep } from 'node:timers/promises';

const REPEAT_FOR_MS = 90_000;
const PATIENCE_MS = 30_000;
/** Who repeats a request anyhow need not wait long for an answer. */
const SHORT_PATIENCE_MS = 5000;

export interface Sent {
  path: string;
  method?: 'POST' | 'PATCH';
  form?: Record<string, string | number>;
  json?: object;
  /** The idempotency key: a repetition carries the same one. */
  key?: string;
}

export interface Answer {
  status: number;
  /** Where a redirect leads, else empty. */
  location: string;
  text: string;
}

/** Nobody answered for so long that the outcome of a request stays unknown. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

/** A signed-in person's cookies and token. Every instance takes them, so each request says where it goes. */
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

  /** What a client of another kind sends, to be the same person. */
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

  /** @throws when there is no whole answer in time: what became of the request is unknown then */
  async send(url: string, { path, method, form, json, key }: Sent, limitMs = PATIENCE_MS): Promise<Answer> {
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

  /**
   * Sends the request, with its key again and again while its outcome is unknown (502 to 504, a cut connection,
   * no answer in time), to one address after the other.
   *
   * @throws NoAnswerError
   */
  async sendUntilAnswered(urls: string[], sent: Sent): Promise<Answer> {
    const giveUpAt = Date.now() + REPEAT_FOR_MS;
    for (let attempt = 0; ; attempt++) {
      const problem = await this.send(urls[attempt % urls.length]!, sent, SHORT_PATIENCE_MS).then(
        (answer) => (isAway(sent, answer) ? `${answer.status} ${answer.text.slice(0, 200)}` : answer),
        (error: unknown) => String(error),
      );
      if (typeof problem !== 'string') return problem;
      if (Date.now() > giveUpAt) throw new NoAnswerError(`${sent.method} ${sent.path}: ${problem}`);
      await sleep(150);
    }
  }
}

/** NGINX's or an instance's "not at the moment": a GET gets 500, which NGINX does not take for a broken instance. */
function isAway({ method }: Sent, { status }: Answer): boolean {
  return [502, 503, 504].includes(status) || (!method && status === 500);
}
