import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { cookieName } from '../http/cookies.ts';
import { optionsFor } from '../http/flash.ts';
import { UNDO_MINUTES } from './deletions.ts';

const PREFIX = 'inventario.undo.';
const UNDO_MS = UNDO_MINUTES * 60_000;
/** All cookies have to fit into the header that NGINX accepts. */
const MAX_OFFERED = 5;
const NAME_LENGTH = 40;

const undoable = z.object({
  name: z.string().max(2 * NAME_LENGTH),
  userId: z.number().int(),
  deletedAt: z.number(),
});

type Undoable = z.output<typeof undoable> & { id: number };

/** One cookie per deletion, so that deletions in two tabs do not overwrite each other and no page needs a query. */
export const offerUndo: RequestHandler = (req, res, next) => {
  res.locals.undoable = () => listUndoable(req);
  next();
};

export function rememberDeletion(
  req: Request,
  res: Response,
  { id, name }: { id: number; name: string },
): void {
  const shortName = Array.from(name).slice(0, NAME_LENGTH).join('');
  const value = { name: shortName, userId: req.principal!.id, deletedAt: Date.now() };
  res.cookie(nameFor(req, id), value, { ...optionsFor(req), maxAge: UNDO_MS });
  for (const older of listUndoable(req).slice(MAX_OFFERED - 1)) forgetDeletion(req, res, older.id);
}

export function forgetDeletion(req: Request, res: Response, id: number): void {
  res.clearCookie(nameFor(req, id), optionsFor(req));
}

function nameFor(req: Request, id: number): string {
  return cookieName(req, `${PREFIX}${id}`);
}

function listUndoable(req: Request): Undoable[] {
  const prefix = cookieName(req, PREFIX);
  return Object.entries(req.cookies as Record<string, unknown>)
    .flatMap(([name, value]) => {
      const id = Number(name.slice(prefix.length));
      const parsed = undoable.safeParse(value);
      if (!name.startsWith(prefix) || !Number.isSafeInteger(id) || id < 1 || !parsed.success) return [];
      return { id, ...parsed.data };
    })
    .filter(({ userId, deletedAt }) => userId === req.principal?.id && deletedAt > Date.now() - UNDO_MS)
    .sort((one, other) => other.deletedAt - one.deletedAt)
    .slice(0, MAX_OFFERED);
}
