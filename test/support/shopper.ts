import request, { type Response } from 'supertest';
import type { Language } from '../../src/locales/languages.ts';
import { pathOf, type ShopPage } from '../../src/shop/shop-paths.ts';
import { newAddress } from './addresses.ts';
import { stack } from './shared-stack.ts';

let counter = 0;

export function uniqueEmail(): string {
  return `ana-${Date.now().toString(36)}-${counter++}@example.com`;
}

export const PASSWORD = 'tres tristes tigres';

/** A visitor's or customer's browser, straight to an instance, from an address of its own. */
export class Shopper {
  readonly agent: ReturnType<typeof request.agent>;
  readonly language: Language;

  constructor({
    language = 'es',
    url = `http://127.0.0.1:${stack.process('web1').port}`,
    address = newAddress(),
  }: { language?: Language; url?: string; address?: string } = {}) {
    this.language = language;
    this.agent = request.agent(url);
    void this.agent.set({ 'Accept-Language': 'de', 'X-Forwarded-For': address, Origin: url });
  }

  pathOf(page: ShopPage, params?: Record<string, string>): string {
    return pathOf(this.language, page, params);
  }

  get(path: string) {
    return this.agent.get(path);
  }

  open(page: ShopPage, params?: Record<string, string>) {
    return this.get(this.pathOf(page, params));
  }

  async post(path: string, fields: Record<string, string> = {}): Promise<Response> {
    return this.agent.post(path).type('form').send(fields);
  }

  /** Opens the page and sends its form, with its hidden fields. @param into part of the form's address */
  async submit(path: string, fields: Record<string, string> = {}, into = ''): Promise<Response> {
    const { text, status } = await this.get(path);
    const forms = [...text.matchAll(/<form[^>]* method="post" action="([^"]+)"[^>]*>([^]*?)<\/form>/g)];
    const form = forms.find(([, action]) => action!.includes(into));
    if (!form) throw new Error(`${path} has no form (${status}): ${text}`);
    return this.post(form[1]!, { ...hiddenIn(form[2]!), ...fields });
  }

  async signUp(email: string, password = PASSWORD, name = 'Ana Núñez'): Promise<Response> {
    return this.submit(this.pathOf('signUp'), { name, email, password, repeated: password });
  }

  async logIn(email: string, password = PASSWORD): Promise<Response> {
    return this.submit(this.pathOf('logIn'), { email, password });
  }

  /** Whether the account opens. */
  async isSignedIn(): Promise<boolean> {
    return (await this.open('account')).status === 200;
  }

  cookies(): { name: string; value: string }[] {
    const { jar } = this.agent as unknown as {
      jar: { getCookies: (access: object) => { name: string; value: string }[] };
    };
    return [...jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })];
  }
}

export function hiddenIn(form: string): Record<string, string> {
  const inputs = form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  return Object.fromEntries([...inputs].map(([, name, value]) => [name!, unescaped(value!)]));
}

export function unescaped(text: string): string {
  return text
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}
