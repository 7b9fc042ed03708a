import { z } from 'zod';
import { KNOWN_PASSWORDS } from '../config/settings.ts';
// The 6000 most common of 8 characters and more, in lower case, from the list that zxcvbn-ts keeps (MIT
// licence), with some that are common in Spanish.
import commonPasswords from './common-passwords.json' with { type: 'json' };

const COMMON = new Set<string>(commonPasswords);
const OUR_NAMES = ['inventario', 'inventory', 'administrator', 'administrador', 'administradora'];

/** A password that somebody chooses. Characters are counted as people count them: an emoji is one. */
export const chosenPassword = z
  .string()
  .default('')
  .refine((text) => {
    const length = Array.from(text.normalize('NFC')).length;
    return length >= 8 && length <= 128;
  }, 'password.length');

const FIRST = 'a password of 12 to 128 characters that nobody would try first';

/** The administrator's first password, as a setting. */
export const firstPassword = z
  .string(FIRST)
  .min(12, FIRST)
  .max(128, FIRST)
  .refine((text) => !isGuessable(text, 'admin'), FIRST);

/**
 * Whether it is among the first that somebody would try: a common one, the own user name or ours, also
 * in capitals and with digits and signs around.
 */
export function isGuessable(password: string, username: string): boolean {
  const text = password.normalize('NFC').toLowerCase();
  const withoutEnds = (word: string) => word.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const core = withoutEnds(text);
  const name = username.normalize('NFC').toLowerCase();
  const names = [name, withoutEnds(name), ...OUR_NAMES];
  return [text, core].some((word) => KNOWN_PASSWORDS.test(word) || COMMON.has(word) || names.includes(word));
}
