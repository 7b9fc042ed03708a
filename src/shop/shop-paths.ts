import { localPath } from '../http/local-path.ts';
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
  addToCart: { es: '/carrito/agregar', en: '/cart/add' },
  checkout: { es: '/pagar', en: '/checkout' },
  order: { es: '/pedidos/:number', en: '/orders/:number' },
  payOrder: { es: '/pedidos/:number/pagar', en: '/orders/:number/pay' },
  cancelOrder: { es: '/pedidos/:number/cancelar', en: '/orders/:number/cancel' },
  returnOrder: { es: '/pedidos/:number/devolver', en: '/orders/:number/return' },
  orders: { es: '/cuenta/pedidos', en: '/account/orders' },
  paymentReturn: { es: '/pago/:attempt', en: '/payment/:attempt' },
  account: { es: '/cuenta', en: '/account' },
  logIn: { es: '/cuenta/iniciar-sesion', en: '/account/log-in' },
  logOut: { es: '/cuenta/cerrar-sesion', en: '/account/log-out' },
  signUp: { es: '/cuenta/crear', en: '/account/create' },
  checkMail: { es: '/cuenta/revise-su-correo', en: '/account/check-your-mail' },
  confirm: { es: '/cuenta/confirmar', en: '/account/confirm' },
  forgotten: { es: '/cuenta/contrasena-olvidada', en: '/account/forgotten-password' },
  reset: { es: '/cuenta/contrasena-nueva', en: '/account/new-password' },
  details: { es: '/cuenta/datos', en: '/account/details' },
  password: { es: '/cuenta/contrasena', en: '/account/password' },
  email: { es: '/cuenta/correo', en: '/account/email' },
  confirmEmail: { es: '/cuenta/confirmar-correo', en: '/account/confirm-email' },
  addresses: { es: '/cuenta/direcciones', en: '/account/addresses' },
  newAddress: { es: '/cuenta/direcciones/nueva', en: '/account/addresses/new' },
  address: { es: '/cuenta/direcciones/:id', en: '/account/addresses/:id' },
  deleteAddress: { es: '/cuenta/direcciones/:id/eliminar', en: '/account/addresses/:id/delete' },
  sell: { es: '/cuenta/vender', en: '/account/sell' },
  sellProducts: { es: '/cuenta/vender/productos', en: '/account/sell/products' },
  newSellProduct: { es: '/cuenta/vender/productos/nuevo', en: '/account/sell/products/new' },
  sellProduct: { es: '/cuenta/vender/productos/:id', en: '/account/sell/products/:id' },
  sellPhotos: { es: '/cuenta/vender/productos/:id/fotos', en: '/account/sell/products/:id/photos' },
  sellPhoto: {
    es: '/cuenta/vender/productos/:id/fotos/:photo',
    en: '/account/sell/products/:id/photos/:photo',
  },
  sellPhotoFile: { es: '/cuenta/vender/fotos/:file', en: '/account/sell/photos/:file' },
  sellOrders: { es: '/cuenta/vender/pedidos', en: '/account/sell/orders' },
  sellOrder: { es: '/cuenta/vender/pedidos/:number', en: '/account/sell/orders/:number' },
  shipSellOrder: {
    es: '/cuenta/vender/pedidos/:number/paquetes/:id',
    en: '/account/sell/orders/:number/parcels/:id',
  },
  payouts: { es: '/cuenta/vender/pagos', en: '/account/sell/payouts' },
  deleteAccount: { es: '/cuenta/eliminar', en: '/account/delete' },
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

/** Who has such an address can open an order by it: logs have only its beginning, as NGINX's do. */
export const SECRET_PATH = new RegExp(
  `^(?:${routesOf('paymentReturn').join('|').replaceAll(':attempt', '')})`,
  'i',
);

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

const PATTERNS = (Object.keys(PAGES) as ShopPage[]).flatMap((page) =>
  routesOf(page).map((route) => ({
    page,
    pattern: new RegExp(`^${route.replace(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`, 'i'),
  })),
);

/** For the same page in another language. */
export function findPage(path: string): { page: ShopPage; params: Record<string, string> } | undefined {
  for (const { page, pattern } of PATTERNS) {
    const found = pattern.exec(path);
    if (found) return { page, params: { ...found.groups } };
  }
  return undefined;
}

/** Whether the path is that of the page, or of one below. */
export function isBelowPage(path: string, page: ShopPage): boolean {
  const lower = path.toLowerCase();
  return routesOf(page).some((route) => lower === route || lower.startsWith(`${route}/`));
}

/** A page of the shop to return to; other addresses give `otherwise`. */
export function shopPathOr(otherwise: string, value: unknown): string {
  const path = localPath(value, otherwise);
  return languageOfPath(path.split('?')[0]!) ? path : otherwise;
}
