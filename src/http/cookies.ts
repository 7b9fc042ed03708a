import type { Request } from 'express';

/** Over TLS the `__Host-` prefix keeps other hosts and plain HTTP from setting the cookie. */
export function cookieName(req: Request, name: string): string {
  return req.secure ? `__Host-${name}` : name;
}
