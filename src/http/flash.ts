import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { cookieName } from './cookies.ts';

const COOKIE = 'inventario.flash';
/** The next page comes at once; a message that is not shown by then is about something long ago. */
const KEEP_MS = 60_000;

const flashMessage = z.object({
  textKey: z.enum([
    'product.registered',
    'product.saved',
    'product.deleted',
    'product.restored',
    'password.changed',
    'users.roleChanged',
    'users.disabled',
    'users.enabled',
  ]),
  productName: z.string().max(100).optional(),
  undoId: z.number().int().positive().optional(),
});

/**
 * A message for the next page, such as "saved". In a cookie, because in the session it would take two
 * commits, one to leave it and one to take it away.
 */
export type Flash = z.output<typeof flashMessage>;

/** Gives the next page the message that was left for it, once. */
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
  // cookie-parser reads an object that Express has written as one.
  res.cookie(cookieName(req, COOKIE), flash, { ...optionsFor(req), maxAge: KEEP_MS });
}

function optionsFor(req: Request) {
  return { httpOnly: true, sameSite: 'lax', secure: req.secure, path: '/' } as const;
}
