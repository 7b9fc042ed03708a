import type { RequestHandler } from 'express';

/** During shutdown GET and HEAD get 502, which NGINX retries on another instance. A POST is still carried out. */
export function drain(draining: AbortSignal): RequestHandler {
  return (req, res, next) => {
    if (!draining.aborted) return next();
    res.set('Connection', 'close');
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    res.status(502).set('Retry-After', '1').json({ error: 'This instance is shutting down' });
  };
}
