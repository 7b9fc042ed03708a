import type { RequestHandler } from 'express';

/** Skips the router for other paths. Unlike a mount it keeps `req.path` whole for routes, logs and permissions. */
export function onlyBelow(base: string): RequestHandler {
  return (req, _res, next) => {
    const path = req.path.toLowerCase();
    if (path === base || path.startsWith(`${base}/`)) next();
    else next('router');
  };
}
