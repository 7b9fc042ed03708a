import type { RequestHandler } from 'express';
import i18next, { type TFunction } from 'i18next';
import en from '../locales/en.json' with { type: 'json' };
import es from '../locales/es.json' with { type: 'json' };
import { cookieName } from './cookies.ts';
import { localPath } from './local-path.ts';

export const LANGUAGES = ['es', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];
const COOKIE = 'lang';
const ONE_YEAR_MS = 365 * 24 * 3600 * 1000;

/** Created once: Intl formatters are as slow to create as a query. */
const FORMATS = { es: formatsOf('es'), en: formatsOf('en') } satisfies Record<Language, object>;

function formatsOf(language: Language) {
  const numbers = new Intl.NumberFormat(language);
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  return {
    formatNumber: (value: number) => numbers.format(value),
    formatDate: (value: Date) => dates.format(value),
  };
}

function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}

/** Sets `t` and `language` from the language cookie, else Accept-Language, else Spanish. */
export async function i18n(): Promise<RequestHandler> {
  const translations = i18next.createInstance();
  await translations.init({
    resources: { es: { translation: es }, en: { translation: en } },
    fallbackLng: false,
    // EJS escapes; escaping twice would show "&amp;".
    interpolation: { escapeValue: false },
    returnNull: false,
    saveMissing: true,
    missingKeyHandler: (languages, _namespace, key) => {
      throw new Error(`No text for "${key}" in ${languages.join(', ')}`);
    },
  });
  const texts = {
    es: memoize(translations.getFixedT('es')),
    en: memoize(translations.getFixedT('en')),
  } satisfies Record<Language, TFunction>;
  return (req, res, next) => {
    const cookies = req.cookies as Record<string, unknown> | undefined;
    const chosen = cookies?.[cookieName(req, COOKIE)];
    const language = isLanguage(chosen) ? chosen : req.acceptsLanguages(...LANGUAGES) || 'es';
    req.language = isLanguage(language) ? language : 'es';
    req.t = texts[req.language];
    Object.assign(res.locals, FORMATS[req.language], {
      t: req.t,
      language: req.language,
      currentPath: req.originalUrl,
    });
    res.vary('Accept-Language');
    if (cookies) res.vary('Cookie');
    next();
  };
}

export const switchLanguage: RequestHandler = (req, res, next) => {
  const language = /^\/language\/(\w+)$/.exec(req.path)?.[1];
  if (!isLanguage(language) || req.method !== 'GET') return next();
  res.cookie(cookieName(req, COOKIE), language, {
    maxAge: ONE_YEAR_MS,
    sameSite: 'lax',
    httpOnly: true,
    secure: req.secure,
  });
  res.redirect(303, localPath(req.query.return));
};

/** Caches texts without values: a page has about sixty, and i18next resolves each one anew. */
function memoize(t: TFunction): TFunction {
  const cache = new Map<string, string>();
  const memoized = (key: string, values?: Record<string, unknown>): string => {
    if (values) return t(key, values);
    const text = cache.get(key) ?? t(key);
    cache.set(key, text);
    return text;
  };
  return memoized as TFunction;
}

declare module 'express-serve-static-core' {
  interface Request {
    t: TFunction;
    language: Language;
  }
}
