import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import { TASKS } from './order-filter.ts';
import { countTasks, sumOf, type TaskCounts } from './order-tasks.ts';

export interface OrdersToday {
  orders: number;
  /** In minor units of the currency. */
  total: number;
  tasks: TaskCounts;
}

export function isAnythingToSee({ orders, tasks }: OrdersToday): boolean {
  return orders > 0 || sumOf(tasks, [...TASKS]) > 0;
}

/** Of what was placed since the day began, without what came to nothing; read from one index. */
export async function readOrdersToday(db: Kysely<Catalogue>, start: Date): Promise<OrdersToday> {
  const [{ rows }, tasks] = await Promise.all([
    sql<{ orders: number; total: number }>`
      SELECT COUNT(*) AS orders, CAST(COALESCE(SUM(total), 0) AS SIGNED) AS total
      FROM shop_order FORCE INDEX (placed)
      WHERE created_at >= ${start} AND state NOT IN ('cancelled', 'expired')`.execute(db),
    countTasks(db),
  ]);
  return { ...rows[0]!, tasks };
}
