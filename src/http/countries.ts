import type { Language } from '../locales/languages.ts';

const NAMES = {
  es: new Intl.DisplayNames('es', { type: 'region' }),
  en: new Intl.DisplayNames('en', { type: 'region' }),
};

/** @param code ISO 3166 */
export function countryName(code: string, language: Language): string {
  return NAMES[language].of(code) ?? code;
}
