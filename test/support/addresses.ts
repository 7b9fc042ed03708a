import { Client } from './client.ts';
import { stack } from './shared-stack.ts';

let last = 0;

/** A client address that no other test uses. */
export function newAddress(): string {
  last++;
  return `198.51.${(Date.now() >> 8) & 255}.${last}`;
}

/** A client whose X-Forwarded-For the instance trusts, as it does NGINX's. */
export function clientFrom(address: string, instance = 'web1'): Client {
  const client = new Client(`http://127.0.0.1:${stack.process(instance).port}`);
  void client.agent.set('X-Forwarded-For', address);
  return client;
}
