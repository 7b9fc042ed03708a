import { pathOf } from '../../src/shop/shop-paths.ts';
import { CONNECTIONS, crowdOf, type Visitor } from './rate.ts';
import { TimedClient } from './timing.ts';

const PRODUCTS_EACH = 25;

/** Who have no account and no cookie, and ask for one page or for many. */
export interface ShopVisitors {
  sameList: Visitor[];
  sameProduct: Visitor[];
  /** Each begins elsewhere, so that few ask for the same at the same time. */
  lists: Visitor[];
  products: Visitor[];
}

export async function visitorsOfShop(url: string): Promise<ShopVisitors> {
  const client = new TimedClient(url);
  const linksOn = async (path: string, pattern: RegExp) => {
    const { status, text } = await client.send(path, { headers: {} });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return [...new Set(Array.from(text.matchAll(pattern), ([, link]) => link!))];
  };
  const all = pathOf('es', 'all');
  const lists = await linksOn(pathOf('es', 'home'), /href="(\/tienda\/categoria\/[^"?]+)"/g);
  const products: string[] = [];
  for (let next: string | undefined = all; next && products.length < CONNECTIONS * PRODUCTS_EACH;) {
    products.push(...(await linksOn(next, /href="(\/tienda\/p\/[^"?]+)"/g)));
    [next] = await linksOn(next, /rel="next" href="([^"]+)"/g);
  }
  client.close();
  return {
    sameList: crowdOf({ headers: {}, paths: [lists[0]!] }),
    sameProduct: crowdOf({ headers: {}, paths: [products[0]!] }),
    lists: spread([all, ...lists]),
    products: spread(products),
  };
}

function spread(paths: string[]): Visitor[] {
  return Array.from({ length: CONNECTIONS }, (_, index) => {
    const first = Math.floor((index * paths.length) / CONNECTIONS);
    return { headers: {}, paths: [...paths.slice(first), ...paths.slice(0, first)] };
  });
}
