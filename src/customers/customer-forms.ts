import { z } from 'zod';
import { chosenPassword } from '../auth/password-rules.ts';
import { LANGUAGES } from '../locales/languages.ts';
import { line, optionalText } from '../products/field-rules.ts';

/** ASCII only, so no two addresses look alike and small letters are the same everywhere. */
const address = z.email().max(254);

export const email = z
  .string('shopAccount.errors.email')
  .transform((text) => text.trim())
  .refine((text) => address.safeParse(text).success, 'shopAccount.errors.email')
  .transform((text) => text.toLowerCase());

export const name = line(100, {
  missing: 'shopAccount.errors.name',
  tooLong: 'shopAccount.errors.nameLength',
});
const phone = optionalText(50, 'shopAccount.errors.phoneLength');
const current = z.string().max(1000).default('');

const passwords = { password: chosenPassword, repeated: z.string().default('') };
const areSame = ({ password, repeated }: { password: string; repeated: string }) => password === repeated;
const DIFFERENT = { path: ['repeated'], error: 'password.different' };

/** People do not see the field, and programs that fill in forms do. */
export const trap = z.string().catch('');

export const signUpForm = z.object({ name, email, ...passwords, website: trap }).refine(areSame, DIFFERENT);
export const forgottenForm = z.object({ email, website: trap });
export const resetForm = z.object(passwords).refine(areSame, DIFFERENT);
export const passwordForm = z
  .object({ current, ...passwords })
  .refine(areSame, DIFFERENT)
  .refine(({ password, current: before }) => password !== before, {
    path: ['password'],
    error: 'password.same',
  });
export const emailForm = z.object({ current, email });
export const deleteForm = z.object({ current });
export const detailsForm = z.object({
  name,
  phone,
  language: z.enum(LANGUAGES, 'shopAccount.errors.language'),
});

/** Where Spanish is spoken, and their neighbours; which of them a shop delivers to is its own affair. */
export const COUNTRIES = [
  ...['AD', 'AR', 'BO', 'BR', 'CL', 'CO', 'CR', 'CU', 'DO', 'EC', 'ES', 'FR', 'GQ', 'GT'],
  ...['HN', 'MX', 'NI', 'PA', 'PE', 'PR', 'PT', 'PY', 'SV', 'US', 'UY', 'VE'],
] as const;

export const required = (max: number, missing: string) =>
  line(max, { missing, tooLong: 'shopAccount.errors.tooLong' });

export const addressForm = z.object({
  name: required(100, 'shopAccount.errors.recipient'),
  phone: required(50, 'shopAccount.errors.phone'),
  country: z.enum(COUNTRIES, 'shopAccount.errors.country'),
  region: required(80, 'shopAccount.errors.region'),
  municipality: required(80, 'shopAccount.errors.municipality'),
  street: required(200, 'shopAccount.errors.street'),
  postalCode: optionalText(12, 'shopAccount.errors.tooLong'),
  directions: optionalText(200, 'shopAccount.errors.tooLong'),
});

export const addressEdit = addressForm.extend({ version: z.coerce.number().int().positive() });

const typed = z.string().catch('');

/** As it was typed, for a form that is shown again; passwords are not. */
export function readTyped<Name extends string>(body: unknown, names: readonly Name[]): Record<Name, string> {
  const given = z.record(z.string(), z.unknown()).catch({}).parse(body);
  return Object.fromEntries(names.map((name) => [name, typed.parse(given[name])])) as Record<Name, string>;
}

/** For a log-in: empty if it cannot be that of an account. */
export function readAddress(text: string): string {
  const read = email.safeParse(text);
  return read.success ? read.data : '';
}
