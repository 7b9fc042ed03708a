import { AsyncResource } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import type { Databases } from '../database/databases.ts';
import { recordAuditEvent } from './audit-trail.ts';

/**
 * Records what somebody who is signed in was forbidden. Of those who are not, the log tells: they could
 * fill the table.
 */
export function auditRefusals(databases: Databases): RequestHandler {
  return (req, res, next) => {
    const record = () => {
      if (res.statusCode !== 403 || !req.user) return;
      const details = { method: req.method, path: req.path.slice(0, 200) };
      const event = { action: 'access.refused', userId: req.user.id, details } as const;
      databases
        .change((db) => recordAuditEvent(db, event))
        // Nobody waits for it, and the log has the request too.
        .catch(() => undefined);
    };
    res.on('finish', AsyncResource.bind(record));
    next();
  };
}
