import { randomUUID } from 'node:crypto';
import type { RowDataPacket } from 'mysql2/promise';
import { Session } from '../support/session.ts';
import type { StackData } from '../support/stack-data.ts';

/** Each session adds one to a product of its own, again and again, and counts the answers. */
export class Counters {
  readonly acknowledged = new Map<number, number>();
  readonly #urls: string[];
  readonly #running: Promise<void>[];
  #stopping = false;

  constructor(prefix: string, urls: string[], sessions: Session[]) {
    this.#urls = urls;
    this.#running = sessions.map((session, index) => this.#count(session, `${prefix}COUNT-${index}`));
  }

  async #count(session: Session, code: string): Promise<void> {
    const form = { code, name: code, quantity: 0, unit: 'unidad', category: 'Otros' };
    const { location } = await session.sendUntilAnswered(this.#urls, {
      ...{ path: '/products', method: 'POST', form, key: randomUUID() },
    });
    const id = Number(/^\/products\/(\d+)/.exec(location)![1]);
    for (let count = 0; !this.#stopping;) {
      this.acknowledged.set(id, count);
      const { status, text } = await session.sendUntilAnswered(this.#urls, {
        ...{ path: `/api/products/${id}/quantity`, method: 'PATCH', json: { delta: 1 }, key: randomUUID() },
      });
      if (status !== 200) throw new Error(`Adding to ${code} was answered with ${status}: ${text}`);
      this.acknowledged.set(id, ++count);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  total(): number {
    return [...this.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Compares the answers with the primary; `kept` are movements that only a replaced primary had. */
  async compare(data: StackData, primary: string) {
    const result = { lost: 0, kept: 0, doubled: 0 };
    const connection = await data.connect(primary);
    for (const [id, acknowledged] of this.acknowledged) {
      const [[row]] = await connection.query<RowDataPacket[]>(
        `SELECT quantity, (SELECT COUNT(*) FROM stock_movement WHERE product_id = product.id) AS movements,
                (SELECT COUNT(*) FROM unsent_row
                 WHERE source = 'stock_movement' AND content->'$.product_id' = product.id) AS kept
         FROM product WHERE id = ?`,
        [id],
      );
      if (row?.quantity !== row?.movements) throw new Error(`Product ${id} disagrees with its movements`);
      const missing = acknowledged - Number(row?.quantity ?? 0);
      result.doubled += Math.max(0, -missing);
      result.kept += Math.min(Math.max(0, missing), Number(row?.kept ?? 0));
      result.lost += Math.max(0, missing - Number(row?.kept ?? 0));
    }
    await connection.end();
    return result;
  }
}
