import type { Request, Response } from 'express';
import { isAway } from '../database/away.ts';
import { isDomainError, type DomainError } from '../errors/domain-error.ts';
import type { FormResult } from './forms.ts';
import { keyOfForm } from './idempotency.ts';

export interface FormPage {
  errors: Record<string, string>;
  /** The outcome is unknown: the form can be resent with the same `key`. */
  isAway: boolean;
  key: string | undefined;
}

export const NO_PROBLEM: FormPage = { errors: {}, isAway: false, key: undefined };

export interface FormToSave<Input, Saved> {
  parse: () => FormResult<Input> | Promise<FormResult<Input>>;
  save: (input: Input) => Promise<Saved>;
  show: (page: FormPage) => unknown;
  /** Pages for refusals, by their code; others are thrown. */
  refusals?: Record<string, (refusal: DomainError, input: Input) => unknown>;
  done: (saved: Saved, input: Input) => unknown;
}

export async function saveForm<Input, Saved>(
  req: Request,
  res: Response,
  { parse, save, show, refusals = {}, done }: FormToSave<Input, Saved>,
): Promise<void> {
  let input: Input | undefined;
  let answer: () => unknown;
  try {
    const parsed = await parse();
    if (parsed.ok) {
      input = parsed.data;
      const saved = await save(parsed.data);
      answer = () => done(saved, parsed.data);
    } else {
      answer = () => showAgain(422, { errors: parsed.errors });
    }
  } catch (error) {
    answer = () => explain(error);
  }
  await answer();

  function showAgain(status: number, page: Partial<FormPage>, retryAfterSeconds?: number): unknown {
    res.status(status);
    if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
    return show({ ...NO_PROBLEM, ...page });
  }

  function explain(error: unknown): unknown {
    if (isAway(error)) return showAgain(503, { isAway: true, key: keyOfForm(req) }, 5);
    if (!isDomainError(error)) throw error;
    const { code, status, field, textKey, values, retryAfterSeconds } = error;
    if (field) return showAgain(status, { errors: { [field]: req.t(textKey, values) } }, retryAfterSeconds);
    const showRefusal = refusals[code];
    if (!showRefusal || input === undefined) throw error;
    res.status(status);
    return showRefusal(error, input);
  }
}
