const LIST = '/products';

/** Guards against open redirects (`//host`, `/\host`, `https:`): other values give `/products`. */
export function localPath(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return LIST;
  const base = 'http://local.invalid';
  const url = URL.parse(value, base);
  // Removing "." segments can leave two leading slashes, which would name a host.
  if (url?.origin !== base || url.pathname.startsWith('//')) return LIST;
  return `${url.pathname}${url.search}`;
}
