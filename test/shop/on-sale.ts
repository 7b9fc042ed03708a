import request from 'supertest';
import { Client, uniqueCode } from '../support/client.ts';
import { replicaHasAll } from '../support/replication.ts';
import { baseUrl, stack } from '../support/shared-stack.ts';

/** Somebody without cookies, as search engines are. */
export function visit(path: string, url = baseUrl) {
  return request(url).get(path).set('Accept', 'text/html').redirects(0);
}

export interface OnSale {
  id: number;
  code: string;
  name: string;
  mark: string;
}

/** Registers a product that the shop offers, and waits until every server shows it. */
export async function putOnSale(
  client: Client,
  fields: Record<string, string | number> = {},
): Promise<OnSale> {
  const mark = uniqueCode().toLowerCase().replace(/\W/g, '');
  const name = `Obra ${mark}`;
  const given = { name, price: '12,50', quantity: 20, onSale: 'yes', ...fields };
  const { id, code } = await client.register(given);
  await replicaHasAll(stack);
  return { id, code, name: given.name, mark };
}

/** The JSON-LD of a page: the product, and where it is. */
export function structuredData(html: string) {
  const [, json] = /<script type="application\/ld\+json"[^>]*>([^]*?)<\/script>/.exec(html)!;
  return JSON.parse(json!) as [Record<string, unknown>, { itemListElement: object[] }];
}

/** The names on the cards of a list, in order. */
export function cardNames(html: string): string[] {
  const found = html.matchAll(/<h[23] class="card-name"><a href="[^"]*">([^<]*)<\/a>/g);
  return Array.from(found, ([, name]) => name!);
}
