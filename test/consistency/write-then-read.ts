import type { RowDataPacket } from 'mysql2/promise';
import type { Product } from '../../src/products/product.ts';
import { Session } from '../support/session.ts';
import type { StackData } from '../support/stack-data.ts';

const DEVICES_PER_USER = 3;
/** Every tenth pair also reads the replica directly. */
const CONTROL_EVERY = 10;

export interface Pairs {
  pairs: number;
  stale: number;
  /** The control: direct reads of the replica that were stale. */
  staleOnReplica: number;
  controls: number;
}

/** Writes through one instance and reads through another, each user on several devices. */
export async function writeThenRead(data: StackData, usernames: string[], pairs: number): Promise<Pairs> {
  const urls = data.instanceUrls();
  const result: Pairs = { pairs: 0, stale: 0, staleOnReplica: 0, controls: 0 };
  const replica = await data.connect('replica1');

  async function work(devices: Session[], device: number): Promise<void> {
    const session = devices[device]!;
    const code = `PAIRS-${device}-${Math.random().toString(36).slice(2)}`;
    const form = { code, name: code, quantity: 0, unit: 'unidad', category: 'Otros' };
    const { location } = await session.send(urls[0]!, { path: '/products', method: 'POST', form });
    const path = `/api${location}/quantity`;
    for (let quantity = 1; result.pairs < pairs; quantity++) {
      const turn = result.pairs++;
      const written = await session.send(urls[turn % urls.length]!, {
        path,
        method: 'PATCH',
        json: { delta: 1 },
      });
      if (written.status !== 200) throw new Error(`Writing failed with ${written.status}: ${written.text}`);
      const control =
        turn % CONTROL_EVERY === 0
          ? replica.query<RowDataPacket[]>('SELECT quantity FROM product WHERE code = ?', [code])
          : undefined;
      const reader = turn % 3 === 0 ? devices[(device + 1) % devices.length]! : session;
      const read = await reader.send(urls[(turn + 1) % urls.length]!, {
        path: `/api/products?search=${code}`,
      });
      const { items } = JSON.parse(read.text) as { items: Product[] };
      if (items[0]?.quantity !== quantity) result.stale++;
      if (control) {
        const [[row]] = await control;
        result.controls++;
        if (row?.quantity !== quantity) result.staleOnReplica++;
      }
    }
  }

  try {
    const users = usernames.map((username) =>
      Promise.all(Array.from({ length: DEVICES_PER_USER }, () => Session.signIn(urls[0]!, username))),
    );
    const workers = (await Promise.all(users)).flatMap((devices) => devices.map((_, n) => work(devices, n)));
    await Promise.all(workers);
    return result;
  } finally {
    await replica.end();
  }
}

export async function readsByServer(data: StackData): Promise<Record<string, number>> {
  const reads: Record<string, number> = {};
  for (const url of data.instanceUrls()) {
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const [, server = '', count] of text.matchAll(/^inventario_reads_total\{server="(\w+)"\} (\d+)/gm)) {
      reads[server] = (reads[server] ?? 0) + Number(count);
    }
  }
  return reads;
}

/** From 0 to 1. */
export function replicaShare(before: Record<string, number>, after: Record<string, number>): number {
  const grown = Object.entries(after).map(([server, count]) => ({
    server,
    count: count - (before[server] ?? 0),
  }));
  const sum = (counts: typeof grown) => counts.reduce((total, { count }) => total + count, 0);
  return sum(grown.filter(({ server }) => server !== 'primary')) / sum(grown);
}
