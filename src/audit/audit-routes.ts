import { Router } from 'express';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import type { Catalogue } from '../database/tables.ts';
import { listUsernames } from '../directory/usernames.ts';
import type { Language } from '../locales/languages.ts';
import { auditPosition, getAuditPage } from './audit-page.ts';
import type { AuditEvent } from './audit-queries.ts';
import { sentenceOf, whoDid } from './audit-sentence.ts';
import { KINDS } from './audit-trail.ts';

const auditQuery = z.object({
  user: z.coerce.number().int().positive().optional().catch(undefined),
  kind: z.enum(KINDS).optional().catch(undefined),
  before: auditPosition.optional().catch(undefined),
});

export function auditRoutes(
  databases: Databases,
  {
    findRestorable,
    showValue,
  }: {
    findRestorable: (db: Kysely<Catalogue>, ids: number[]) => Promise<Set<number>>;
    showValue: (field: string, value: unknown, language: Language) => string;
  },
): Router {
  const router = Router();

  router.get('/audit', async (req, res) => {
    const { before, ...filter } = auditQuery.parse(req.query);
    const [{ events, older }, users] = await Promise.all([
      getAuditPage(databases, req.principal!, filter, before ?? {}),
      databases.directory.readReplica(req.principal!, listUsernames),
    ]);
    const deletions = newestDeletions(events);
    const restorable =
      deletions.size === 0
        ? new Set<number>()
        : await databases.catalogue.readReplica(req.principal!, (db) =>
            findRestorable(db, [...deletions.keys()]),
          );
    res.render('audit/list', {
      filter,
      events: events.map((event) => ({
        ...event,
        who: whoDid(event, req.t),
        sentence: sentenceOf(event, req.t, (field, value) => showValue(field, value, req.language)),
        isRestorable: restorable.has(event.targetId ?? 0) && deletions.get(event.targetId!) === event,
      })),
      older,
      before,
      users,
      kinds: KINDS,
    });
  });

  return router;
}

/** By product: only the last of its deletions can be undone. */
function newestDeletions(events: AuditEvent[]): Map<number, AuditEvent> {
  const deletions = events.filter(
    ({ action, targetId }) => action === 'product.deleted' && targetId !== null,
  );
  return new Map(deletions.toReversed().map((event) => [event.targetId!, event]));
}
