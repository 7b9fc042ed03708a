import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { findTimeZone } from '../locales/dates.ts';

export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** Reads `NAME` or the file that `NAME_FILE` names; empty means unset. @throws SettingsError with every bad setting */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<z.ZodObject<Shape>> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const file = environment[`${name}_FILE`];
    const value = environment[name] || (file ? readSecretFile(name, file) : '');
    if (value) values[name] = value;
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const value = HOLDS_SECRET.test(name) ? 'not acceptable' : `"${values[name]}"`;
    const given = values[name] === undefined ? 'is not set' : `is ${value}`;
    return `${name} ${given}; it must be ${issue.message}`;
  });
  throw new SettingsError(problems.join('\n'));
}

/** Addresses may hold a password or a token. */
const HOLDS_SECRET = /PASSWORD|SECRET|PRIVATE_KEY|^SMTP_URL$|^WEBHOOK_URL$/;

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingsError(`${name}_FILE is "${file}", which cannot be read: ${String(error)}`);
  }
}

export function wholeNumber(from: number, to: number) {
  const message = `a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .pipe(z.number().min(from, message).max(to, message));
}

export const portNumber = wholeNumber(1, 65535);

export const onOff = z.enum(['on', 'off'], 'on or off').transform((value) => value === 'on');

const ZONE = 'a time zone, such as America/Guayaquil or Europe/Madrid';

export const timeZone = z.string().transform((name, context) => {
  const zone = findTimeZone(name);
  if (!zone) context.addIssue({ code: 'custom', message: ZONE });
  return zone ?? z.NEVER;
});

/** Passwords from examples and demos, which attackers try first. */
export const KNOWN_PASSWORDS =
  /^(admin|root|passw|secret|change.?me|example|demo|inventario|1234|qwerty)|^(.)\2*$/i;
const GENERATED = 'a secret of at least 16 characters that is in no list of examples';

export const secret = z
  .string(GENERATED)
  .min(16, GENERATED)
  .refine((text) => !KNOWN_PASSWORDS.test(text), GENERATED);
