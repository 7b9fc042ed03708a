import type { Language } from '../locales/languages.ts';
import { pathOf } from './shop-paths.ts';

/** With its link, the page of an order opens without a session. */
export function orderPath(language: Language, { number, link }: { number: string; link?: string }): string {
  const path = pathOf(language, 'order', { number });
  return link === undefined ? path : `${path}?${new URLSearchParams({ link }).toString()}`;
}
