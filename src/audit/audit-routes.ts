import { Router } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { listUsernames } from '../directory/usernames.ts';
import { auditPosition, getAuditPage } from './audit-page.ts';
import type { AuditEvent } from './audit-queries.ts';
import { sentenceOf, whoDid } from './audit-sentence.ts';
import { KINDS } from './audit-trail.ts';

const auditQuery = z.object({
  user: z.coerce.number().int().positive().optional().catch(undefined),
  kind: z.enum(KINDS).optional().catch(undefined),
  before: auditPosition.optional().catch(undefined),
});

/** @param findRestorable which of these deleted products can be restored now */
export function auditRoutes(
  databases: Databases,
  findRestorable: (db: Kysely<Catalogue>, ids: number[]) => Promise<Set<number>>,
): Router {
  const router = Router();

  router.get('/audit', async (req, res) => {
    const { before, ...filter } = auditQuery.parse(req.query);
    const [{ events, older }, users] = await Promise.all([
      getAuditPage(databases, req.principal!, filter, before ?? {}),
      databases.directory.readReplica(req.principal!, listUsernames),
    ]);
    const newestDeletions = new Map<number, AuditEvent>();
    for (const event of events) {
      const { action, targetId } = event;
      if (action === 'product.deleted' && targetId && !newestDeletions.has(targetId))
        newestDeletions.set(targetId, event);
    }
    const restorable = await databases.catalogue.readReplica(req.principal!, (db) =>
      findRestorable(db, [...newestDeletions.keys()]),
    );
    res.render('audit/list', {
      filter,
      events: events.map((event) => ({
        ...event,
        who: whoDid(event, req.t),
        sentence: sentenceOf(event, req.t),
        isRestorable: restorable.has(event.targetId ?? 0) && newestDeletions.get(event.targetId!) === event,
      })),
      older,
      before,
      users,
      kinds: KINDS,
    });
  });

  return router;
}
