import en from '../locales/en.json' with { type: 'json' };
import es from '../locales/es.json' with { type: 'json' };
import { LANGUAGES, type Language } from '../locales/languages.ts';

/** Of ISO 639, those that booksellers of Spain and the Americas have; `mul` for several. */
export const BOOK_LANGUAGES = [
  ...['es', 'en', 'ar', 'ay', 'bg', 'ca', 'cs', 'da', 'de', 'el', 'eu', 'fa', 'fi', 'fr', 'gl', 'gn', 'he'],
  ...['hi', 'hr', 'hu', 'it', 'ja', 'ko', 'la', 'arn', 'nl', 'no', 'pl', 'pt', 'qu', 'ro', 'ru', 'sr', 'sv'],
  ...['tr', 'uk', 'vi', 'zh', 'mul'],
] as const;

export const BINDINGS = ['paperback', 'hardback', 'pocket', 'spiral', 'digital', 'other'] as const;

export type ChoiceKind = 'language' | 'binding';

const CODES: Record<ChoiceKind, readonly string[]> = { language: BOOK_LANGUAGES, binding: BINDINGS };

const BINDING_NAMES = { es: es.product.bindings, en: en.product.bindings };

/** What spreadsheets call them besides, as `plain` writes it. */
const OTHER_NAMES: Record<ChoiceKind, Record<string, string>> = {
  language: {
    es: 'castellano spa esp',
    en: 'eng ing',
    pt: 'por',
    fr: 'fra fre',
    de: 'deu ger',
    it: 'ita',
    ca: 'cat',
    eu: 'vasco vascuence eus baq',
    gl: 'glg',
    qu: 'kichwa quichua que',
    no: 'nb nn',
    zh: 'mandarin zho chi',
    nl: 'holandes',
    arn: 'mapudungun',
    mul: 'varios bilingue multilingue bilingual multilingual several',
  },
  binding: {
    paperback: 'blanda tapablanda softcover softback cartulina rusticaconsolapas',
    hardback: 'dura cartone hardcover encuadernado tela',
    pocket: 'librodebolsillo mmpb massmarket massmarketpaperback',
    spiral: 'anillado spiralbound wireo',
    digital: 'ebook librodigital libroelectronico epub pdf',
    other: 'otro',
  },
};

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** Created once: Intl formatters are slow to create. */
const NAMES = new Map(
  LANGUAGES.map((language) => {
    const languageNames = new Intl.DisplayNames(language, { type: 'language' });
    const names: Record<ChoiceKind, Map<string, string>> = {
      language: new Map(BOOK_LANGUAGES.map((code) => [code, capitalized(languageNames.of(code) ?? code)])),
      binding: new Map(BINDINGS.map((code) => [code, BINDING_NAMES[language][code]])),
    };
    return [language, names] as const;
  }),
);

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

const CODE_OF = { language: codesByName('language'), binding: codesByName('binding') };

function codesByName(kind: ChoiceKind): Map<string, string> {
  return new Map(
    CODES[kind].flatMap((code) => {
      const own = kind === 'language' ? [new Intl.DisplayNames(code, { type: 'language' }).of(code)] : [];
      const names = [...LANGUAGES.map((language) => NAMES.get(language)![kind].get(code)), ...own];
      const others = OTHER_NAMES[kind][code]?.split(' ') ?? [];
      return [code, ...others, ...names.map((name) => plain(name ?? code))].map((name) => [name, code]);
    }),
  );
}

/** By its code or by a name in any of our languages or, of languages, in its own. */
export function findChoice(kind: ChoiceKind, text: string): string | undefined {
  // en-GB, es_EC.
  const base = kind === 'language' ? /^([a-z]{2})[-_][a-z]{2}$/i.exec(text.trim())?.[1] : undefined;
  return CODE_OF[kind].get(plain(base ?? text));
}

export function choiceName(kind: ChoiceKind, code: string, language: Language): string {
  return NAMES.get(language)![kind].get(code) ?? code;
}

export function listChoices(kind: ChoiceKind, language: Language): [code: string, name: string][] {
  const names = [...NAMES.get(language)![kind]];
  if (kind === 'binding') return names;
  // The commonest first, several languages last.
  const others = names.slice(2, -1).toSorted(([, one], [, other]) => one.localeCompare(other, language));
  return [...names.slice(0, 2), ...others, ...names.slice(-1)];
}
