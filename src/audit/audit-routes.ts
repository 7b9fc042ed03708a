import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { listUsernames } from '../directory/usernames.ts';
import { auditPosition, getAuditPage } from './audit-page.ts';
import { sentenceOf, whoDid } from './audit-sentence.ts';
import { KINDS } from './audit-trail.ts';

const auditQuery = z.object({
  user: z.coerce.number().int().positive().optional().catch(undefined),
  kind: z.enum(KINDS).optional().catch(undefined),
  before: auditPosition.optional().catch(undefined),
});

export function auditRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/audit', async (req, res) => {
    const { before, ...filter } = auditQuery.parse(req.query);
    const [{ events, older }, users] = await Promise.all([
      getAuditPage(databases, req.principal!, filter, before ?? {}),
      databases.directory.readReplica(req.principal!, listUsernames),
    ]);
    res.render('audit/list', {
      filter,
      events: events.map((event) => ({
        ...event,
        who: whoDid(event, req.t),
        sentence: sentenceOf(event, req.t),
      })),
      older,
      before,
      users,
      kinds: KINDS,
    });
  });

  return router;
}
