import { Client } from './client.ts';
import { stack } from './shared-stack.ts';

/** Files begin at different numbers: it grows by 100 a second, faster than tests take addresses. */
let last = Math.floor(Date.now() / 10);

/** A client address that no other test uses. */
export function newAddress(): string {
  last++;
  // Three digits each, so that none is the beginning of another.
  const part = (place: number) => 100 + (Math.floor(last / 150 ** place) % 150);
  return `198.${part(2)}.${part(1)}.${part(0)}`;
}

/** A client whose X-Forwarded-For the instance trusts, as it does NGINX's. */
export function clientFrom(address: string, instance = 'web1'): Client {
  const client = new Client(`http://127.0.0.1:${stack.process(instance).port}`);
  void client.agent.set('X-Forwarded-For', address);
  return client;
}
