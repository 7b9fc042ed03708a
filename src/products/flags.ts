import en from '../locales/en.json' with { type: 'json' };
import es from '../locales/es.json' with { type: 'json' };
import type { Language } from '../locales/languages.ts';

export type Flag = 0 | 1;

const NAMES = { es: es.product.flag, en: en.product.flag };

/** What forms send and spreadsheets hold. */
const WORDS: Record<Flag, string> = {
  1: 'yes si sí 1 true verdadero on x y s',
  0: 'no 0 false falso off n',
};
const FLAG_OF = new Map(
  ([0, 1] as const).flatMap((flag) => WORDS[flag].split(' ').map((word) => [word, flag] as const)),
);

export function findFlag(text: string): Flag | undefined {
  return FLAG_OF.get(text.normalize('NFC').trim().toLowerCase());
}

export function flagName(flag: number, language: Language): string {
  return NAMES[language][flag === 1 ? 'yes' : 'no'];
}
