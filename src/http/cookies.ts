import type { Request } from 'express';

/**
 * Behind TLS a cookie's name begins with `__Host-`: a browser then takes it from this very host over TLS
 * only, so that neither a neighbouring host nor somebody on the line can plant one.
 */
export function cookieName(req: Request, name: string): string {
  return req.secure ? `__Host-${name}` : name;
}
