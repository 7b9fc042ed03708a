import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Permission } from '../auth/permissions.ts';
import type { DatabaseGroup } from '../database/database-group.ts';
import type { Catalogue } from '../database/tables.ts';
import type { Actor } from '../database/write-counts.ts';
import { OFFLINE_PROVIDERS } from '../payments/offline-providers.ts';
import { TASKS, type Task } from './order-filter.ts';

/** Of each task; more are not counted. */
export const MAX_COUNTED = 100;

const SEEN_BY_PEOPLE = sql.join(
  OFFLINE_PROVIDERS.filter(({ isPrepaid }) => isPrepaid).map(({ name }) => name),
);

/** Of `line`: more is held than lies in packed parcels. Sellers pack their own. */
export const HAS_UNPACKED = sql<boolean>`line.seller_id IS NULL AND line.held > (
  SELECT COALESCE(SUM(content.quantity), 0)
  FROM parcel_line AS content JOIN parcel ON parcel.id = content.parcel_id
  WHERE content.order_line_id = line.id AND parcel.state = 'packed'
)`;

/** The ids of orders with something to do, through indexes that hold little else. */
export const ORDERS_WITH: Record<Task, RawBuilder<{ id: number }>> = {
  confirm: sql`
    SELECT unpaid.id FROM shop_order AS unpaid FORCE INDEX (by_state)
    WHERE unpaid.state = 'awaiting_payment' AND EXISTS (
      SELECT /*+ NO_SEMIJOIN() */ 1 FROM payment AS asked FORCE INDEX (live)
      WHERE asked.order_id = unpaid.id AND asked.is_live = 1 AND asked.state = 'pending'
        AND asked.method IN (${SEEN_BY_PEOPLE})
    )`,
  pack: sql`
    SELECT DISTINCT line.open_order AS id FROM order_line AS line FORCE INDEX (open_order)
    STRAIGHT_JOIN shop_order AS sold ON sold.id = line.open_order AND sold.state IN ('confirmed', 'in_progress')
    WHERE line.open_order > 0 AND ${HAS_UNPACKED}`,
  ship: sql`SELECT DISTINCT order_id AS id FROM parcel WHERE state = 'packed'`,
  return: sql`SELECT DISTINCT order_id AS id FROM return_request WHERE state = 'asked'`,
  refund: sql`SELECT DISTINCT order_id AS id FROM refund WHERE state IN ('due', 'failed')`,
  // Until someone has done or noted something.
  check: sql`
    SELECT DISTINCT odd.mismatch_of AS id FROM order_event AS odd FORCE INDEX (mismatch_of)
    WHERE odd.mismatch_of > 0 AND NOT EXISTS (
      SELECT 1 FROM order_event AS later
      WHERE later.order_id = odd.mismatch_of AND later.id > odd.id AND later.actor_kind = 'user'
    )`,
};

const PERMISSIONS: Record<Task, Permission> = {
  confirm: 'order:refund',
  pack: 'order:manage',
  ship: 'order:manage',
  return: 'order:manage',
  refund: 'order:refund',
  check: 'order:refund',
};

/** What the person may do. */
export function tasksOf(permissions: ReadonlySet<Permission>): Task[] {
  return TASKS.filter((task) => permissions.has(PERMISSIONS[task]));
}

export type TaskCounts = Record<Task, number>;

export async function countTasks(db: Kysely<Catalogue>): Promise<TaskCounts> {
  const { rows } = await sql<TaskCounts>`SELECT ${sql.join(
    TASKS.map(
      (task) =>
        sql`(SELECT COUNT(*) FROM (${ORDERS_WITH[task]} LIMIT ${sql.lit(MAX_COUNTED)}) AS some) AS ${sql.ref(task)}`,
    ),
  )}`.execute(db);
  return rows[0]!;
}

export function sumOf(counts: TaskCounts, tasks: Task[]): number {
  return tasks.reduce((sum, task) => sum + counts[task], 0);
}

const REMEMBERED_MS = 5000;

/** For the navigation, which must not wait: what was counted last, while it is counted again. */
export class OrderTasks {
  readonly #catalogue: DatabaseGroup<Catalogue>;
  #counts: TaskCounts | undefined;
  #countedAt = 0;
  #isCounting = false;

  constructor(catalogue: DatabaseGroup<Catalogue>) {
    this.#catalogue = catalogue;
  }

  recall(actor: Actor): TaskCounts | undefined {
    if (!this.#isCounting && Date.now() - this.#countedAt > REMEMBERED_MS) {
      this.#isCounting = true;
      void this.read(actor)
        .catch(() => (this.#countedAt = Date.now()))
        .finally(() => (this.#isCounting = false));
    }
    return this.#counts;
  }

  async read(actor: Actor): Promise<TaskCounts> {
    const counts = await this.#catalogue.readReplica(actor, countTasks, { sharedAs: ['order tasks'] });
    this.#counts = counts;
    this.#countedAt = Date.now();
    return counts;
  }
}
