import { z } from 'zod';
import { KNOWN_PASSWORDS } from '../config/settings.ts';
// The 6000 most common passwords of 8 or more characters from zxcvbn-ts (MIT), lower-cased, plus Spanish ones.
import commonPasswords from './common-passwords.json' with { type: 'json' };

const COMMON = new Set<string>(commonPasswords);
const OUR_NAMES = ['inventario', 'inventory', 'administrator', 'administrador', 'administradora', 'bodega'];

/** Length counts code points after NFC, so an emoji is one character. */
export const chosenPassword = z
  .string()
  .default('')
  .refine((text) => {
    const length = Array.from(text.normalize('NFC')).length;
    return length >= 8 && length <= 128;
  }, 'password.length');

const FIRST = 'a password of 12 to 128 characters that is hard to guess';

export const firstPassword = z
  .string(FIRST)
  .min(12, FIRST)
  .max(128, FIRST)
  .refine((text) => !isGuessable(text, 'admin'), FIRST);

/** Common passwords, the username and our names, in any case and with digits or signs around them. */
export function isGuessable(password: string, username: string): boolean {
  const text = password.normalize('NFC').toLowerCase();
  const withoutEnds = (word: string) => word.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const core = withoutEnds(text);
  const name = username.normalize('NFC').toLowerCase();
  const names = [name, withoutEnds(name), ...OUR_NAMES];
  return [text, core].some((word) => KNOWN_PASSWORDS.test(word) || COMMON.has(word) || names.includes(word));
}
