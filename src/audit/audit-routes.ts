import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { listAuditEvents, listUsernames } from './audit-queries.ts';
import { sentenceOf, whoDid } from './audit-sentence.ts';
import { KINDS } from './audit-trail.ts';

const PER_PAGE = 50;

const positive = z.coerce.number().int().positive().optional().catch(undefined);
const auditQuery = z.object({
  user: positive,
  kind: z.enum(KINDS).optional().catch(undefined),
  /** The number of the last event on the page before. */
  before: positive,
});

export function auditRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/audit', async (req, res) => {
    const { before, ...filter } = auditQuery.parse(req.query);
    const [events, users] = await databases.read(req.principal!, (db) =>
      Promise.all([listAuditEvents(db, filter, { limit: PER_PAGE + 1, before }), listUsernames(db)]),
    );
    res.render('audit/list', {
      filter,
      events: events
        .slice(0, PER_PAGE)
        .map((event) => ({ ...event, who: whoDid(event, req.t), sentence: sentenceOf(event, req.t) })),
      hasOlder: events.length > PER_PAGE,
      before,
      users,
      kinds: KINDS,
    });
  });

  return router;
}
