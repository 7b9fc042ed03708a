import type { Language } from '../locales/languages.ts';
import { pathOf } from '../shop/shop-paths.ts';

/** @param token of the link, for those who have no account */
export function orderPath(language: Language, number: string, token: string | undefined): string {
  const path = pathOf(language, 'order', { number });
  return token === undefined ? path : `${path}?t=${token}`;
}
