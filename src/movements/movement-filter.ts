import { z } from 'zod';
import { MOVEMENT_REASONS } from '../database/tables.ts';
import type { Dates } from '../locales/dates.ts';
import { isBlank } from '../products/field-rules.ts';
import { PURPOSE_CODES, type MovementPurpose } from '../stock/movement-purposes.ts';
import type { StockMovement } from '../stock/movement-history.ts';
import { readDays } from './day-range.ts';

export const REASONS: readonly StockMovement['reason'][] = [...PURPOSE_CODES, ...MOVEMENT_REASONS];

export function isPurpose(reason: StockMovement['reason']): reason is MovementPurpose {
  return (PURPOSE_CODES as readonly string[]).includes(reason);
}

export type MovementDocumentFilter = { kind: 'import'; id: number } | { kind: 'external'; number: string };

/** `from` is the first moment, `until` the first moment after. */
export interface MovementFilter {
  product?: number | undefined;
  reason?: StockMovement['reason'] | undefined;
  user?: number | undefined;
  document?: MovementDocumentFilter | undefined;
  from?: Date | undefined;
  until?: Date | undefined;
}

const text = (max: number) =>
  z
    .string()
    .transform((typed) => (isBlank(typed) ? '' : typed.toWellFormed().normalize('NFC').trim().slice(0, max)))
    .catch('');

const number = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .pipe(z.number().positive())
  .optional()
  .catch(undefined);

const filterFields = z.object({
  from: text(20),
  to: text(20),
  search: text(100),
  product: number,
  reason: z.enum(REASONS).optional().catch(undefined),
  user: number,
  document: text(50),
});

export type FilterFields = z.output<typeof filterFields>;

export function readFilterFields(query: unknown): FilterFields {
  return filterFields.parse(query);
}

export interface ReadFilter {
  filter: MovementFilter;
  /** Text keys, by the name of the field. */
  errors: Record<string, string>;
}

export function readMovementFilter(fields: FilterFields, dates: Dates): ReadFilter {
  const { product, reason, user } = fields;
  const { errors, from, until } = readDays(fields, dates);
  const filter = {
    ...{ product, reason, user, document: readDocument(fields.document) },
    from,
    until,
  };
  return { filter, errors };
}

/** `Importación 12` or `Import 12`, as the list shows it, otherwise the number of a document. */
function readDocument(typed: string): MovementDocumentFilter | undefined {
  if (!typed) return undefined;
  const id = /^(?:importaci[oó]n|import)\s+#?(\d{1,9})$/i.exec(typed)?.[1];
  return id ? { kind: 'import', id: Number(id) } : { kind: 'external', number: typed };
}

export function movementQuery(fields: FilterFields, changes: Record<string, string | number> = {}): string {
  const all = Object.entries({ ...fields, ...changes });
  const query = new URLSearchParams(
    all.flatMap(([name, value]) => (value ? [[name, String(value)] as [string, string]] : [])),
  );
  return query.size > 0 ? `?${query.toString()}` : '';
}
