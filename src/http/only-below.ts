import type { RequestHandler } from 'express';

/**
 * Keeps a router to the addresses from `base` down; other requests leave it. Unlike a mount it leaves the path
 * whole, so that routes, logs and the table of permissions all name the same address.
 */
export function onlyBelow(base: string): RequestHandler {
  return (req, _res, next) => {
    // Express's routes do not tell capitals apart either.
    const path = req.path.toLowerCase();
    if (path === base || path.startsWith(`${base}/`)) next();
    else next('router');
  };
}
