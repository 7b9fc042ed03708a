import type { RequestHandler } from 'express';

/** Skips the router for other paths. Unlike a mount it keeps `req.path` whole for routes, logs and permissions. */
export function onlyBelow(...bases: string[]): RequestHandler {
  return (req, _res, next) => {
    const path = req.path.toLowerCase();
    if (bases.some((base) => path === base || path.startsWith(`${base}/`))) next();
    else next('router');
  };
}
