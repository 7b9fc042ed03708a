import type { TFunction } from 'i18next';
import { z } from 'zod';
import { readForm, type FormResult } from '../http/forms.ts';
import { decimalMarkOf, readTypedNumber } from '../locales/typed-numbers.ts';
import type { ParcelLine } from '../orders/parcels.ts';
import { moneyField, optionalText, quantityField } from '../products/field-rules.ts';
import { unitProblem } from '../products/typed-quantity.ts';
import type { Unit } from '../products/unit-queries.ts';

const seen = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const note = optionalText(150, 'orderDesk.errors.noteLength');
const amount = moneyField.pipe(
  z.number('orderDesk.errors.amountMissing').positive('orderDesk.errors.amountMissing'),
);

/** Of every form: the last event of the history that the person has seen. */
export const seenForm = z.object({ seen });
export const noteForm = z.object({ seen, note });
export const remarkForm = z.object({
  note: note.refine((text) => text !== '', 'orderDesk.errors.noteMissing'),
});
/** The line of a seller who bears it; empty: the shop. */
const line = z
  .string()
  .regex(/^\d{0,15}$/)
  .default('')
  .transform((id) => (id === '' ? undefined : Number(id)));
export const refundForm = z.object({ seen, amount, note, line });
export const captureForm = z.object({
  ...{ seen, amount, note },
  reference: optionalText(100, 'orderDesk.errors.referenceLength'),
});
export const shipForm = z.object({
  ...{ seen, note },
  carrier: optionalText(50, 'orderDesk.errors.carrierLength'),
  trackingNumber: optionalText(100, 'orderDesk.errors.trackingLength'),
});
export const answerForm = z
  .object({ seen, note, answer: z.enum(['accepted', 'refused'], 'orderDesk.errors.answerMissing') })
  .refine((form) => form.answer === 'accepted' || form.note !== '', {
    path: ['note'],
    message: 'orderDesk.errors.refusalReason',
  });
const returnForm = z.object({ seen, note, toStock: z.enum(['yes', 'no'], 'orderDesk.errors.toStock') });

export interface LineUnit {
  id: number;
  unit: Unit;
}

export interface LinesInput {
  seen: number;
  note: string;
  lines: ParcelLine[];
}

export function readParcelForm(body: unknown, units: LineUnit[], t: TFunction): FormResult<LinesInput> {
  return withLines(readForm(noteForm, body, t), body, units, t);
}

export function readReturnForm(
  body: unknown,
  units: LineUnit[],
  t: TFunction,
): FormResult<LinesInput & { toStock: 'yes' | 'no' }> {
  return withLines(readForm(returnForm, body, t), body, units, t);
}

function withLines<Form extends object>(
  form: FormResult<Form>,
  body: unknown,
  units: LineUnit[],
  t: TFunction,
): FormResult<Form & { lines: ParcelLine[] }> {
  const fields = (body ?? {}) as Record<string, unknown>;
  const errors: Record<string, string> = form.ok ? {} : form.errors;
  const lines: ParcelLine[] = [];
  for (const { id, unit } of units) {
    const read = readLine(fields[`quantity.${id}`], unit, t);
    if ('problem' in read) errors[`quantity.${id}`] = read.problem;
    else if (read.quantity > 0) lines.push({ orderLineId: id, quantity: read.quantity });
  }
  if (lines.length === 0 && Object.keys(errors).length === 0) errors.lines = t('orderDesk.errors.noLines');
  if (!form.ok || Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, data: { ...form.data, lines } };
}

function readLine(typed: unknown, unit: Unit, t: TFunction): { quantity: number } | { problem: string } {
  if (typeof typed !== 'string' || typed.trim() === '') return { quantity: 0 };
  const plain = readTypedNumber(typed, decimalMarkOf(t));
  const problem = unitProblem({ field: 'quantity', rule: quantityField, typed: plain }, unit, t);
  return problem === undefined ? { quantity: quantityField.parse(plain) } : { problem };
}
