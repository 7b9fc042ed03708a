import type { RequestHandler } from 'express';
import i18next, { type TFunction } from 'i18next';
import en from '../locales/en.json' with { type: 'json' };
import es from '../locales/es.json' with { type: 'json' };
import { datesIn, findTimeZone, type Dates } from '../locales/dates.ts';
import { LANGUAGES, type Language } from '../locales/languages.ts';
import { formatMoney, formatRate, moneyFormat, type Currency } from '../locales/money.ts';
import { cookieName } from './cookies.ts';
import { localPath, pageOf } from './local-path.ts';

const COOKIE = 'lang';
/** Set by public/js/time-zone.js. */
const ZONE_COOKIE = 'tz';
const ONE_YEAR_MS = 365 * 24 * 3600 * 1000;

/** Created once: Intl formatters are as slow to create as a query. */
const NUMBERS = { es: new Intl.NumberFormat('es'), en: new Intl.NumberFormat('en') };

export function formatNumber(value: number, language: Language): string {
  return NUMBERS[language].format(value);
}

function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}

export type Texts = Record<Language, TFunction>;

export async function loadTexts(currency: Currency): Promise<Texts> {
  const translations = i18next.createInstance();
  await translations.init({
    resources: { es: { translation: es }, en: { translation: en } },
    fallbackLng: false,
    // EJS escapes; escaping twice would show "&amp;".
    interpolation: { escapeValue: false, defaultVariables: { currency: currency.code } },
    returnNull: false,
    saveMissing: true,
    missingKeyHandler: (languages, _namespace, key) => {
      throw new Error(`No text for "${key}" in ${languages.join(', ')}`);
    },
  });
  return { es: memoize(translations.getFixedT('es')), en: memoize(translations.getFixedT('en')) };
}

/**
 * Sets `t`, `language` and `dates`, from an address that has a language, else from the cookies, else from
 * Accept-Language (or Spanish), and the default zone.
 */
export async function i18n(defaultZone: string, currency: Currency): Promise<RequestHandler> {
  const texts = await loadTexts(currency);
  return (req, res, next) => {
    const cookies = req.cookies as Record<string, unknown> | undefined;
    const chosen: unknown = req.addressLanguage ?? cookies?.[cookieName(req, COOKIE)];
    const language = isLanguage(chosen) ? chosen : req.acceptsLanguages(...LANGUAGES) || 'es';
    req.language = isLanguage(language) ? language : 'es';
    req.t = texts[req.language];
    req.dates = datesIn(req.language, findTimeZone(cookies?.[cookieName(req, ZONE_COOKIE)]) ?? defaultZone);
    const { formatDate, formatTime } = req.dates;
    Object.assign(res.locals, {
      t: req.t,
      language: req.language,
      formatNumber: (value: number) => formatNumber(value, req.language),
      formatMoney: (amount: number | bigint) => formatMoney(amount, req.language, currency),
      formatRate: (rate: number) => formatRate(rate, req.language),
      moneyFormat: { ...moneyFormat(req.language, currency), decimals: currency.decimals },
      formatDate,
      formatTime,
    });
    // The page to show again after the language or the person has changed. Read late: it may be in the body.
    Object.defineProperty(res.locals, 'currentPath', {
      enumerable: true,
      // Several audiences may set the language of one request.
      configurable: true,
      get: () => pageOf(req),
    });
    if (!req.addressLanguage) res.vary('Accept-Language');
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
    /** Set before `i18n` where the address decides. */
    addressLanguage?: Language | undefined;
    dates: Dates;
  }
}
