import type { Language } from '../locales/languages.ts';

const FORMATS: Partial<Record<Language, Intl.DateTimeFormat>> = {};

/** @param day as `2026-03-29`, the same in every zone */
export function formatDay(day: string, language: Language): string {
  const format = (FORMATS[language] ??= new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeZone: 'UTC',
  }));
  return format.format(new Date(`${day}T00:00:00Z`));
}
