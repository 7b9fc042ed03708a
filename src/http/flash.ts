import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { cookieName } from './cookies.ts';

const COOKIE = 'inventario.flash';
const KEEP_MS = 60_000;

const flashMessage = z.object({
  textKey: z.enum([
    'product.registered',
    'list.choicesSaved',
    'alerts.saved',
    'product.saved',
    'product.moved',
    'product.restored',
    'product.restoredAndSaved',
    'photos.added',
    'photos.present',
    'photos.removed',
    'photos.madeFirst',
    'trash.restored',
    'home.demoRemoved',
    'categories.added',
    'categories.renamed',
    'categories.mergeBegun',
    'categories.deleted',
    'units.saved',
    'shopDelivery.saved',
    'suppliers.added',
    'suppliers.saved',
    'suppliers.deleted',
    'password.changed',
    'users.roleChanged',
    'users.disabled',
    'users.enabled',
    'sellers.done.saved',
    'sellers.done.paid',
    'orderDesk.done.noted',
    'orderDesk.done.cancelled',
    'orderDesk.done.restCancelled',
    'orderDesk.done.captured',
    'orderDesk.done.opened',
    'orderDesk.done.packed',
    'orderDesk.done.shipped',
    'orderDesk.done.delivered',
    'orderDesk.done.unpacked',
    'orderDesk.done.returned',
    'orderDesk.done.answered',
    'orderDesk.done.refundMade',
    'orderDesk.done.refundRequested',
    'orderDesk.done.refundFinished',
  ]),
  // Of 100 characters, each of up to two units.
  productName: z.string().max(200).optional(),
  productId: z.number().int().positive().optional(),
  notes: z.array(z.string().max(300)).max(10).optional(),
});

/** A one-time message for the next page, in a cookie: the session would need two more commits. */
export type Flash = z.output<typeof flashMessage>;

export const takeFlash: RequestHandler = (req, res, next) => {
  const name = cookieName(req, COOKIE);
  const left = (req.cookies as Record<string, unknown>)[name];
  if (left !== undefined && req.principal && req.method === 'GET' && !req.path.startsWith('/api/')) {
    const options = optionsFor(req);
    res.clearCookie(name, options);
    res.locals.flash = flashMessage.safeParse(left).data;
  }
  next();
};

export function leaveFlash(req: Request, res: Response, flash: Flash): void {
  res.cookie(cookieName(req, COOKIE), flash, { ...optionsFor(req), maxAge: KEEP_MS });
}

export function optionsFor(req: Request) {
  return { httpOnly: true, sameSite: 'lax', secure: req.secure, path: '/' } as const;
}
