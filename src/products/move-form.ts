import type { TFunction } from 'i18next';
import { z } from 'zod';
import { readForm, type FormResult } from '../http/forms.ts';
import { purposesOf, type Direction } from '../stock/movement-purposes.ts';
import type { MovementDetails } from '../stock/stock-movements.ts';
import { decimalField, optionalText } from './field-rules.ts';
import { unitProblem, withPlainNumber } from './typed-quantity.ts';
import { plainUnit, type Unit } from './unit-queries.ts';

export interface Move extends MovementDetails {
  delta: number;
}

const amountField = decimalField('movement.errors.amount').refine(
  (amount) => amount > 0,
  'movement.errors.amount',
);

/** @param unit that of the product, if the amount is not a whole number */
export function readMoveForm(
  body: unknown,
  direction: Direction,
  t: TFunction,
  unit: Unit = plainUnit(''),
): FormResult<Move> {
  const form = z
    .object({
      amount: amountField,
      purpose: z.enum(purposesOf(direction), 'movement.errors.purpose'),
      documentNumber: optionalText(50, 'movement.errors.documentLength'),
      note: optionalText(200, 'movement.errors.noteLength'),
    })
    .transform(({ amount, ...details }): Move => ({
      ...details,
      delta: direction === 'in' ? amount : -amount,
    }));
  const plain = withPlainNumber(body, 'amount', t);
  const result = readForm(form, plain, t);
  const typed = (plain as { amount?: unknown } | undefined)?.amount;
  const problem = unitProblem({ field: 'amount', rule: amountField, typed }, unit, t);
  if (problem === undefined) return result;
  return { ok: false, errors: { ...(!result.ok && result.errors), amount: problem } };
}

const typed = z.string().catch('');
const moveValues = z.object({ amount: typed, purpose: typed, documentNumber: typed, note: typed });

export function readMoveValues(body: unknown): z.output<typeof moveValues> {
  return moveValues.catch({ amount: '', purpose: '', documentNumber: '', note: '' }).parse(body);
}
