import { z } from 'zod';
import type { OrderState } from '../database/tables.ts';
import type { Dates } from '../locales/dates.ts';
import { readDays } from '../movements/day-range.ts';
import { TRANSITIONS } from '../orders/states.ts';
import { isBlank } from '../products/field-rules.ts';

/** What people have to do with orders, in this order. */
export const TASKS = ['confirm', 'pack', 'ship', 'return', 'refund', 'check'] as const;
export type Task = (typeof TASKS)[number];

export const ORDER_STATES = Object.keys(TRANSITIONS.order) as OrderState[];

const text = (max: number) =>
  z
    .string()
    .transform((typed) => (isBlank(typed) ? '' : typed.toWellFormed().normalize('NFC').trim().slice(0, max)))
    .catch('');

const filterFields = z.object({
  search: text(100),
  state: z.enum(ORDER_STATES).optional().catch(undefined),
  method: z
    .string()
    .regex(/^\w{1,30}$/)
    .optional()
    .catch(undefined),
  from: text(20),
  to: text(20),
  todo: z.enum(TASKS).optional().catch(undefined),
  customer: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional()
    .catch(undefined),
});

export type OrderFilterFields = z.output<typeof filterFields>;

export function readOrderFields(query: unknown): OrderFilterFields {
  return filterFields.parse(query);
}

/** `from` is the first moment, `until` the first moment after. */
export interface OrderFilter extends Omit<OrderFilterFields, 'from' | 'to'> {
  from: Date | undefined;
  until: Date | undefined;
}

/** @returns text keys of what is wrong, by the name of the field */
export function readOrderFilter(
  fields: OrderFilterFields,
  dates: Dates,
): { filter: OrderFilter; errors: Record<string, string> } {
  const { errors, from, until } = readDays(fields, dates);
  const { search, state, method, todo, customer } = fields;
  return { filter: { search, state, method, todo, customer, from, until }, errors };
}

export function orderQuery(
  fields: OrderFilterFields,
  changes: Record<string, string | number | undefined> = {},
): string {
  const all = Object.entries({ ...fields, ...changes });
  const query = new URLSearchParams(
    all.flatMap(([name, value]) => (value ? [[name, String(value)] as [string, string]] : [])),
  );
  return query.size > 0 ? `?${query.toString()}` : '';
}
