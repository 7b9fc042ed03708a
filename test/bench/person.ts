import { Session } from '../support/session.ts';
import { TimedClient, type Timed } from './timing.ts';

/** Fifty on average, and more than are kept. */
const SHORTEST = 16;
const LENGTHS = 69;

/** A signed-in user whose requests are timed. */
export class Person {
  readonly #session: Session;
  readonly #client: TimedClient;
  #turn = 0;

  private constructor(session: Session, client: TimedClient) {
    this.#session = session;
    this.#client = client;
  }

  static async signIn(url: string, username = 'admin'): Promise<Person> {
    return new Person(await Session.signIn(url, username), new TimedClient(url));
  }

  get headers(): Record<string, string> {
    return { cookie: this.#session.cookie };
  }

  async get(path: string): Promise<Timed> {
    return expectStatus(200, path, await this.#client.send(path, { headers: this.headers }));
  }

  /** A list of products, of another length each time: an answer that is kept (src/database/kept-answers.ts) is none to time. */
  async getUnkept(path: string): Promise<Timed> {
    return this.get(`${path}&limit=${SHORTEST + (this.#turn++ % LENGTHS)}`);
  }

  async has(path: string): Promise<boolean> {
    return (await this.#client.send(path, { headers: this.headers })).status !== 404;
  }

  async getJson<T>(path: string): Promise<T> {
    return JSON.parse((await this.get(path)).text) as T;
  }

  async post(path: string, fields: Record<string, string | number>): Promise<Timed> {
    const entries = Object.entries(fields).map(([name, value]) => [name, String(value)]);
    const type = 'application/x-www-form-urlencoded';
    return expectStatus(
      303,
      path,
      await this.#send('POST', path, type, new URLSearchParams(entries).toString()),
    );
  }

  /** @returns the address of the redirect */
  async upload(path: string, fileName: string, content: string): Promise<string> {
    const form = new FormData();
    form.set('_csrf', this.#session.token);
    form.set('_key', crypto.randomUUID());
    form.set('file', new Blob([content], { type: 'text/csv' }), fileName);
    const multipart = new Request('http://localhost', { method: 'POST', body: form });
    const type = multipart.headers.get('content-type')!;
    const answer = await this.#send('POST', path, type, Buffer.from(await multipart.arrayBuffer()));
    return expectStatus(303, path, answer).location;
  }

  /** @returns the time in milliseconds */
  async addPhoto(productId: number, fileName: string, content: Buffer): Promise<number> {
    const form = new FormData();
    form.set('_csrf', this.#session.token);
    form.set('_key', crypto.randomUUID());
    form.set('photos', new Blob([new Uint8Array(content)], { type: 'image/jpeg' }), fileName);
    const multipart = new Request('http://localhost', { method: 'POST', body: form });
    const type = multipart.headers.get('content-type')!;
    const path = `/products/${productId}/photos`;
    const answer = await this.#send('POST', path, type, Buffer.from(await multipart.arrayBuffer()));
    return expectStatus(303, path, answer).ms;
  }

  async patch(path: string, change: object): Promise<Timed> {
    return expectStatus(
      200,
      path,
      await this.#send('PATCH', path, 'application/json', JSON.stringify(change)),
    );
  }

  async #send(method: 'POST' | 'PATCH', path: string, type: string, body: string | Buffer): Promise<Timed> {
    const headers = {
      ...this.headers,
      'content-type': type,
      'content-length': String(Buffer.byteLength(body)),
      'x-csrf-token': this.#session.token,
      'idempotency-key': crypto.randomUUID(),
    };
    return this.#client.send(path, { method, headers, body });
  }

  close(): void {
    this.#client.close();
  }
}

function expectStatus(status: number, path: string, answer: Timed): Timed {
  if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
  return answer;
}
