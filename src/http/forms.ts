import type { TFunction } from 'i18next';
import type { z } from 'zod';

export type FormResult<T> = { ok: true; data: T } | { ok: false; errors: Record<string, string> };

/** Schema messages are text keys; each field gets its first error. */
export function readForm<T>(schema: z.ZodType<T>, body: unknown, t: TFunction): FormResult<T> {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const result = schema.safeParse(isObject ? body : {});
  if (result.success) return { ok: true, data: result.data };
  const errors: Record<string, string> = {};
  for (const issue of result.error.issues)
    errors[issue.path.join('.')] ??= issueText(issue, t) ?? t('errors.field');
  return { ok: false, errors };
}

/** @returns undefined for a message that is no text key, such as Zod's own, about input that our forms never send */
export function issueText(issue: z.core.$ZodIssue, t: TFunction): string | undefined {
  if (!/^\w+(\.\w+)+$/.test(issue.message)) return undefined;
  const { minimum, maximum, params } = issue as { minimum?: number; maximum?: number; params?: object };
  return t(issue.message, { minimum, maximum, ...params });
}
