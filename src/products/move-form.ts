import type { TFunction } from 'i18next';
import { z } from 'zod';
import { readForm, type FormResult } from '../http/forms.ts';
import { purposesOf, type Direction } from '../stock/movement-purposes.ts';
import { MAX_QUANTITY, type MovementDetails } from '../stock/stock-movements.ts';
import { optionalText } from './field-rules.ts';

export interface Move extends MovementDetails {
  /** Signed. */
  delta: number;
}

const amountField = z
  .string('movement.errors.amount')
  .trim()
  .regex(/^\d{1,10}$/, 'movement.errors.amount')
  .transform(Number)
  .pipe(z.number().min(1, 'movement.errors.amount').max(MAX_QUANTITY, 'product.errors.quantityLimit'));

export function readMoveForm(body: unknown, direction: Direction, t: TFunction): FormResult<Move> {
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
  return readForm(form, body, t);
}

const typed = z.string().catch('');
const moveValues = z.object({ amount: typed, purpose: typed, documentNumber: typed, note: typed });

/** As typed, to be shown again. */
export function readMoveValues(body: unknown): z.output<typeof moveValues> {
  return moveValues.catch({ amount: '', purpose: '', documentNumber: '', note: '' }).parse(body);
}
