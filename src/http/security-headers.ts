import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** What no page of ours uses, and so no script in one may. */
const PERMISSIONS = [
  ...['accelerometer', 'browsing-topics', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid'],
  ...['magnetometer', 'microphone', 'midi', 'payment', 'publickey-credentials-get', 'screen-wake-lock'],
  ...['serial', 'usb', 'xr-spatial-tracking'],
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/** Helmet's headers, with a policy that allows scripts of ours and nothing else. */
export function securityHeaders(): RequestHandler[] {
  return [
    (_req, res, next) => {
      // Made of random bytes that Node has in store: asking the system for some takes longer than all else here.
      res.locals.nonce = randomUUID() + randomUUID();
      next();
    },
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          objectSrc: ["'none'"],
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
      // Set below, where it is due.
      strictTransportSecurity: false,
      xFrameOptions: { action: 'deny' },
      referrerPolicy: { policy: 'same-origin' },
    }),
    (req, res, next) => {
      res.set('Permissions-Policy', PERMISSIONS);
      // Plain HTTP on a local network stays possible; who has come by TLS once comes by TLS from then on.
      if (req.secure) res.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
      next();
    },
  ];
}

/** Pages and JSON hold what only this person may see, or a token: no cache keeps them. */
export const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};
