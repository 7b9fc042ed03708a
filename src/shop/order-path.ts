import type { Language } from '../locales/languages.ts';
import { pathOf } from './shop-paths.ts';

/** @param link opens the page without a session */
export function orderPath(language: Language, number: string, link: string | undefined): string {
  const path = pathOf(language, 'order', { number });
  return link === undefined ? path : `${path}?t=${link}`;
}
