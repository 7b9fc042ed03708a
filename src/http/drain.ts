import type { RequestHandler } from 'express';

/**
 * While the instance ends, safe requests get a 502, on which NGINX asks another instance. A POST that
 * has reached us is carried out: there is no need to send it again. Connections are not kept.
 */
export function drain(draining: AbortSignal): RequestHandler {
  return (req, res, next) => {
    if (!draining.aborted) return next();
    res.set('Connection', 'close');
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    res.status(502).set('Retry-After', '1').json({ error: 'This instance is shutting down' });
  };
}
