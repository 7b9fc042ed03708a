import type { TFunction } from 'i18next';
import type { z } from 'zod';
import { decimalMarkOf, readTypedNumber } from '../locales/typed-numbers.ts';
import { hasMoreDecimals } from '../stock/quantities.ts';
import { UnitDecimalsError } from './product-errors.ts';
import type { Unit } from './unit-queries.ts';

export function withPlainNumber(body: unknown, name: string, t: TFunction): unknown {
  const typed = (body as Record<string, unknown> | null | undefined)?.[name];
  return typeof typed === 'string'
    ? { ...(body as object), [name]: readTypedNumber(typed, decimalMarkOf(t)) }
    : body;
}

/** Such a number is right in every unit. */
export function isWholeNumber(typed: unknown): boolean {
  return typeof typed === 'string' && /^\s*\d{1,9}\s*$/.test(typed);
}

export interface TypedNumber {
  field: 'quantity' | 'amount';
  rule: z.ZodType<number>;
  typed: unknown;
}

export function unitProblem(
  { field, rule, typed }: TypedNumber,
  unit: Pick<Unit, 'code' | 'decimals'>,
  t: TFunction,
): string | undefined {
  const { success, data, error } = rule.safeParse(typed);
  if (success && !hasMoreDecimals(data, unit.decimals)) return undefined;
  const [issue] = (error?.issues ?? []) as { message: string; maximum?: number }[];
  if (issue?.maximum !== undefined) return t(issue.message, { maximum: issue.maximum });
  const hasTooManyDecimals = success || issue?.message === 'product.errors.thousandths';
  if (unit.decimals > 0 && !hasTooManyDecimals)
    return t(field === 'amount' ? 'movement.errors.decimalAmount' : 'product.errors.decimalQuantity');
  const { textKey, values } = new UnitDecimalsError(unit, field);
  return t(textKey, values);
}
