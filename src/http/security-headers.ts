import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Helmet's headers, with a policy that allows scripts of ours and nothing else. */
export function securityHeaders(): RequestHandler[] {
  return [
    (_req, res, next) => {
      res.locals.nonce = randomBytes(16).toString('base64');
      next();
    },
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: [
            "'self'",
            (_req, res) => `'nonce-${(res as { locals?: { nonce?: string } }).locals?.nonce}'`,
          ],
          styleSrc: ["'self'"],
          // Bootstrap's own style sheet draws small icons from data: addresses.
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          formAction: ["'self'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      // The proxy in front that ends TLS decides on HSTS; plain HTTP on a local network stays possible.
      strictTransportSecurity: false,
      xFrameOptions: { action: 'deny' },
      referrerPolicy: { policy: 'same-origin' },
    }),
  ];
}
