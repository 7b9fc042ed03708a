import type { Currency } from '../locales/money.ts';
import { decimalText } from '../locales/money.ts';
import type { ShopProduct } from './catalogue-queries.ts';

/** https://schema.org/BookFormatType; the others have no such type. */
const BOOK_FORMATS: Record<string, string> = {
  paperback: 'Paperback',
  pocket: 'Paperback',
  hardback: 'Hardcover',
  digital: 'EBook',
};

const AVAILABILITIES = { in: 'InStock', last: 'LimitedAvailability', out: 'OutOfStock' };

interface Place {
  /** The address of the site, without a slash at its end. */
  site: string;
  /** Of the page. */
  url: string;
  currency: Currency;
}

/** What search engines read about a product (https://schema.org/Product, https://schema.org/Book). */
export function productData(product: ShopProduct, { site, url, currency }: Place) {
  const { name, description, code, category, photos, gtins, isbn, weight } = product;
  return {
    '@context': 'https://schema.org',
    '@type': product.isBook ? ['Product', 'Book'] : 'Product',
    '@id': url,
    url,
    name,
    ...(description && { description }),
    sku: code,
    category,
    ...(photos.length > 0 && { image: photos.map(({ full }) => `${site}${full}`) }),
    ...(gtins.length > 0 && { gtin: gtins[0] }),
    ...(weight !== null && { weight: { '@type': 'QuantitativeValue', value: weight, unitCode: 'GRM' } }),
    ...(isbn && { isbn, gtin13: isbn }),
    ...(product.isBook && bookData(product)),
    offers: offerData(product, url, currency),
  };
}

function bookData({ authors, publisher, year, pages, language, binding }: ShopProduct) {
  const format = BOOK_FORMATS[binding];
  return {
    ...(authors.length > 0 && { author: authors.map((name) => ({ '@type': 'Person', name })) }),
    ...(publisher && { publisher: { '@type': 'Organization', name: publisher } }),
    ...(year > 0 && { datePublished: String(year) }),
    ...(pages > 0 && { numberOfPages: pages }),
    ...(language && language !== 'mul' && { inLanguage: language }),
    ...(format && { bookFormat: `https://schema.org/${format}` }),
  };
}

function offerData({ price, stock, seller }: ShopProduct, url: string, { code, decimals }: Currency) {
  const amount = { price: decimalText(price, decimals), priceCurrency: code };
  return {
    '@type': 'Offer',
    url,
    ...amount,
    priceSpecification: { '@type': 'UnitPriceSpecification', ...amount, valueAddedTaxIncluded: true },
    availability: `https://schema.org/${AVAILABILITIES[stock.state]}`,
    itemCondition: 'https://schema.org/NewCondition',
    ...(seller !== null && { seller: { '@type': 'Organization', name: seller } }),
  };
}

export interface Crumb {
  name: string;
  /** None for the page itself. */
  href?: string;
}

export function breadcrumbData(crumbs: Crumb[], { site, url }: Pick<Place, 'site' | 'url'>) {
  return {
    '@context': 'https://schema.org',
    '@type': 'BreadcrumbList',
    itemListElement: crumbs.map(({ name, href }, index) => ({
      '@type': 'ListItem',
      position: index + 1,
      name,
      item: href === undefined ? url : `${site}${href}`,
    })),
  };
}

/** For a script element, which any "</script>" within would end. */
export function inScript(data: unknown): string {
  return JSON.stringify(data)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}
