const LIST = '/products';

/**
 * A path on this site that came with a request, such as where to return to; `/products` when it is
 * absent or leads anywhere else (`//host`, `/\host`, `https:`).
 */
export function localPath(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return LIST;
  const base = 'http://local.invalid';
  const url = URL.parse(value, base);
  // Taking out "." can leave a path that begins with two slashes, which is another host again.
  if (url?.origin !== base || url.pathname.startsWith('//')) return LIST;
  return `${url.pathname}${url.search}`;
}
