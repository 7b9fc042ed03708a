import autocannon from 'autocannon';

export const CONNECTIONS = 20;

/** One connection, which requests its paths in a loop. */
export interface Visitor {
  headers: Record<string, string>;
  paths: string[];
}

export function crowdOf(visitor: Visitor): Visitor[] {
  return Array<Visitor>(CONNECTIONS).fill(visitor);
}

export async function warmUp(url: string, visitors: Visitor[], requests: number): Promise<void> {
  await load(url, visitors, { amount: requests });
}

export interface Rate {
  /** Responses per second. */
  rate: number;
  /** In milliseconds. */
  times: number[];
}

export async function rateOf(url: string, visitors: Visitor[], seconds: number): Promise<Rate> {
  const { result, times } = await load(url, visitors, { duration: seconds });
  return { rate: result.requests.total / result.duration, times };
}

/** @returns responses per second; with `reconnects`, each over a connection of its own */
export async function rateOfRequests(
  url: string,
  visitors: Visitor[],
  amount: number,
  { reconnects = false } = {},
): Promise<number> {
  // A `Connection: close` would not do: the next request is sent before the server has closed.
  const { began, ended } = await load(url, visitors, { amount, ...(reconnects && { reconnectRate: 1 }) });
  return (amount * 1000) / (ended - began);
}

type Until = { amount: number; reconnectRate?: number } | { duration: number };

async function load(url: string, visitors: Visitor[], until: Until) {
  const times: number[] = [];
  const began = performance.now();
  // Autocannon itself notices once a second that all have come.
  let ended = began;
  let next = 0;
  const setupClient = (client: autocannon.Client) => {
    const { headers, paths } = visitors[next++ % visitors.length]!;
    client.setRequests(paths.map((path) => ({ method: 'GET', path, headers })));
    client.on('response', (_status, _bytes, ms) => times.push(ms));
    client.on('headers', () => (ended = performance.now()));
  };
  const result = await autocannon({ url, connections: visitors.length, setupClient, ...until });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} failed`);
  return { result, times, began, ended };
}
