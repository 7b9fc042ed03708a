import { LANGUAGES, type Language } from '../locales/languages.ts';

/** The first part of an address decides the language of the page. */
export const SHOP_BASES: Record<Language, string> = { es: '/tienda', en: '/shop' };

/** Below the base, as Express writes routes. */
const PAGES = {
  home: { es: '', en: '' },
  all: { es: '/productos', en: '/products' },
  search: { es: '/buscar', en: '/search' },
  category: { es: '/categoria/:category', en: '/category/:category' },
  product: { es: '/p/:product', en: '/p/:product' },
  cart: { es: '/carrito', en: '/cart' },
  checkout: { es: '/pagar', en: '/checkout' },
  order: { es: '/pedidos/:number', en: '/orders/:number' },
  account: { es: '/cuenta', en: '/account' },
} as const satisfies Record<string, Record<Language, string>>;

export type ShopPage = keyof typeof PAGES;

/** The same in every language: their files are read by browsers and search engines. */
export const PHOTO_ROUTE = '/shop/photos/:file';
export const SITEMAP_INDEX = '/shop/sitemap.xml';
export const SITEMAP_ROUTE = '/shop/sitemaps/:file';

/** A page's routes, one for each language. */
export function routesOf(page: ShopPage): string[] {
  return LANGUAGES.map((language) => `${SHOP_BASES[language]}${PAGES[page][language]}`);
}

export function pathOf(language: Language, page: ShopPage, params: Record<string, string> = {}): string {
  const path = PAGES[page][language].replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name]!),
  );
  return `${SHOP_BASES[language]}${path}`;
}

export function languageOfPath(path: string): Language | undefined {
  const [, first = ''] = path.toLowerCase().split('/');
  return LANGUAGES.find((language) => SHOP_BASES[language] === `/${first}`);
}
