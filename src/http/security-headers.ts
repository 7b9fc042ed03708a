import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import helmet from 'helmet';

const PERMISSIONS = [
  ...['accelerometer', 'browsing-topics', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid'],
  ...['magnetometer', 'microphone', 'midi', 'payment', 'publickey-credentials-get', 'screen-wake-lock'],
  ...['serial', 'usb', 'xr-spatial-tracking'],
]
  .map((feature) => `${feature}=()`)
  .join(', ');

export function securityHeaders(): RequestHandler[] {
  return [
    (_req, res, next) => {
      // randomUUID uses cached entropy; randomBytes would make a system call per request.
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
          // Bootstrap draws icons from data: URLs.
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          formAction: ["'self'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      strictTransportSecurity: false,
      xFrameOptions: { action: 'deny' },
      referrerPolicy: { policy: 'same-origin' },
    }),
    (req, res, next) => {
      res.set('Permissions-Policy', PERMISSIONS);
      // HSTS over TLS only: plain HTTP stays possible on a local network.
      if (req.secure) res.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
      next();
    },
  ];
}

/** For a page whose form is for another site. @param url of it, with https */
export function allowFormTo(res: Response, url: string): void {
  const policy = String(res.get('Content-Security-Policy'));
  const { origin } = new URL(url);
  res.set('Content-Security-Policy', policy.replace("form-action 'self'", `form-action 'self' ${origin}`));
}

export const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};
