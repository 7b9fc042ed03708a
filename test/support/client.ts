import request from 'supertest';
import type { Product } from '../../src/products/product.ts';
import { baseUrl } from './shared-stack.ts';

export type ProductJson = Omit<Product, 'updatedAt'> & { updatedAt: string };

let counter = 0;

export function uniqueCode(): string {
  return `T-${Date.now().toString(36)}-${counter++}`;
}

/** Acts like a browser: keeps cookies and sends the CSRF token. */
export class Client {
  readonly agent: ReturnType<typeof request.agent>;
  #token = '';

  constructor(url = baseUrl) {
    this.agent = request.agent(url);
    void this.agent.set('Accept-Language', 'es');
  }

  static async signedIn(url = baseUrl): Promise<Client> {
    const client = new Client(url);
    const response = await client.logIn('admin', 'admin123');
    if (response.status !== 303) throw new Error(`Logging in failed with ${response.status}`);
    return client;
  }

  get(path: string) {
    return this.agent.get(path);
  }

  /** Cookie values, session id and CSRF token, none of which may appear in logs. */
  secrets(): string[] {
    const { jar } = this.agent as unknown as {
      jar: { getCookies: (access: object) => { name: string; value: string }[] };
    };
    const cookies = jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false });
    const sid = cookies.find(({ name }) => name === 'inventario.sid')?.value ?? '';
    const [, id] = /^s:([^.]+)/.exec(decodeURIComponent(sid)) ?? [];
    return [...cookies.map(({ value }) => value), ...(id ? [id] : []), this.#token].filter(Boolean);
  }

  async logIn(username: string, password: string) {
    await this.takeToken('/login');
    const response = await this.post('/login', { username, password });
    if (response.status === 303) await this.takeToken('/password');
    return response;
  }

  cookies(): string {
    const { jar } = this.agent as unknown as {
      jar: { getCookies: (access: object) => { toValueString: () => string }[] };
    };
    const cookies = jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false });
    return cookies.map((cookie) => cookie.toValueString()).join('; ');
  }

  get token(): string {
    return this.#token;
  }

  async takeToken(path: string): Promise<void> {
    const { text } = await this.get(path);
    this.#token = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
  }

  /** Sends a request with the CSRF token and no body. */
  async send(method: string, path: string) {
    const verb = method.toLowerCase() as 'get' | 'head' | 'post' | 'patch' | 'delete';
    return this.agent[verb](path).set('x-csrf-token', this.#token);
  }

  async post(path: string, fields: Record<string, string | number> = {}) {
    return this.agent
      .post(path)
      .type('form')
      .send({ _csrf: this.#token, ...fields });
  }

  async changeQuantity(id: number, change: object, key: string = crypto.randomUUID()) {
    return this.agent
      .patch(`/api/products/${id}/quantity`)
      .set({ 'x-csrf-token': this.#token, 'idempotency-key': key })
      .send(change);
  }

  async register(fields: Record<string, string | number> = {}): Promise<{ id: number; code: string }> {
    const code = String(fields.code ?? uniqueCode());
    const product = { name: 'Producto de prueba', quantity: 5, unit: 'unidad', category: 'Otros', code };
    const response = await this.post('/products', { ...product, ...fields });
    const id = /^\/products\/(\d+)$/.exec(response.headers.location ?? '')?.[1];
    if (!id) throw new Error(`Registering failed with ${response.status}: ${response.text}`);
    return { id: Number(id), code };
  }

  async search(query: Record<string, string | number>) {
    const response = await this.agent.get('/api/products').query(query);
    return response.body as {
      items: ProductJson[];
      total: number;
      totalIsExact: boolean;
      nextCursor: string | null;
    };
  }

  async findByCode(code: string): Promise<ProductJson> {
    const { items } = await this.search({ search: code });
    const found = items.find((item) => item.code === code);
    if (!found) throw new Error(`${code} was not found`);
    return found;
  }
}
