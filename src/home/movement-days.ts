import { sql, type Kysely } from 'kysely';
import type { Catalogue } from '../database/tables.ts';
import type { Dates } from '../locales/dates.ts';
import { stockValue } from '../locales/money.ts';

export const SHOWN_DAYS = 30;
export const DAY_MS = 24 * 3600_000;
const QUARTER_MS = 15 * 60_000;

export interface Day {
  /** Of the person's calendar, such as `2026-03-29`. */
  day: string;
  start: Date;
}

export interface DayFlow extends Day {
  movementsIn: number;
  movementsOut: number;
  /** At cost, in minor units of the currency. */
  valueIn: bigint;
  valueOut: bigint;
}

/** Oldest first; the last one is today. */
export function lastDays(dates: Dates, now: Date): Day[] {
  const today = Date.parse(dates.toWallClock(now).toISOString().slice(0, 10));
  return Array.from({ length: SHOWN_DAYS }, (_, index) => {
    const time = today - (SHOWN_DAYS - 1 - index) * DAY_MS;
    const day = new Date(time).toISOString().slice(0, 10);
    return { day, start: dates.startOfDay(day) };
  });
}

/** Adds up quarters of an hour: days begin at one in every time zone. */
export async function readMovementDays(db: Kysely<Catalogue>, days: Day[]): Promise<DayFlow[]> {
  const starts = days.map(({ start }) => sql.lit(Math.floor(start.getTime() / QUARTER_MS)));
  const value = (column: 'value_in' | 'value_out') => sql<string>`CAST(SUM(${sql.ref(column)}) AS CHAR)`;
  const rows = await db
    .selectFrom('movement_flow')
    .modifyFront(sql`/*+ INDEX(movement_flow PRIMARY) */`)
    .select([
      // How many of the days had begun.
      sql<number>`INTERVAL(quarter, ${sql.join(starts)})`.as('begun'),
      sql<number>`CAST(SUM(movements_in) AS SIGNED)`.as('movementsIn'),
      sql<number>`CAST(SUM(movements_out) AS SIGNED)`.as('movementsOut'),
      value('value_in').as('valueIn'),
      value('value_out').as('valueOut'),
    ])
    .where('quarter', '>=', sql<number>`${starts[0]!}`)
    .groupBy('begun')
    .execute();
  const found = new Map(rows.map((row) => [row.begun, row]));
  return days.map((day, index) => {
    const { movementsIn = 0, movementsOut = 0, valueIn = '0', valueOut = '0' } = found.get(index + 1) ?? {};
    const values = { valueIn: stockValue(valueIn, 1), valueOut: stockValue(valueOut, 1) };
    return { ...day, movementsIn, movementsOut, ...values };
  });
}
