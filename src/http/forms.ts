import type { TFunction } from 'i18next';
import type { z } from 'zod';

export type FormResult<T> = { ok: true; data: T } | { ok: false; errors: Record<string, string> };

/** Schema messages are text keys; each field gets its first error. */
export function readForm<T>(schema: z.ZodType<T>, body: unknown, t: TFunction): FormResult<T> {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const result = schema.safeParse(isObject ? body : {});
  if (result.success) return { ok: true, data: result.data };
  const errors: Record<string, string> = {};
  for (const issue of result.error.issues) {
    const { minimum, maximum, params } = issue as { minimum?: number; maximum?: number; params?: object };
    errors[issue.path.join('.')] ??= t(isTextKey(issue.message) ? issue.message : 'errors.field', {
      minimum,
      maximum,
      ...params,
    });
  }
  return { ok: false, errors };
}

/** False for Zod's own messages, about input that our forms never send. */
function isTextKey(message: string): boolean {
  return /^\w+(\.\w+)+$/.test(message);
}
