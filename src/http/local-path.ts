import type { Request } from 'express';

const LIST = '/products';

/** Guards against open redirects (`//host`, `/\host`, `https:`), which give the other page. */
export function localPath(value: unknown, otherwise = LIST): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return otherwise;
  const base = 'http://local.invalid';
  const url = URL.parse(value, base);
  // Removing "." segments can leave two leading slashes, which would name a host.
  if (url?.origin !== base || url.pathname.startsWith('//')) return otherwise;
  return `${url.pathname}${url.search}`;
}

/** The page a request came from or asks for. A form names its own in `page`, as its address may only be POSTed to. */
export function pageOf(req: Request): string {
  const isDownload = /\.\w+$/.test(req.path);
  if ((req.method === 'GET' || req.method === 'HEAD') && !isDownload) return req.originalUrl;
  const { page } = (req.body ?? {}) as { page?: unknown };
  if (typeof page === 'string') return localPath(page);
  const referrer = URL.parse(req.get('referer') ?? '');
  return referrer?.host === req.get('host') ? localPath(`${referrer?.pathname}${referrer?.search}`) : LIST;
}
