import { Router } from 'express';
import { z } from 'zod';
import type { Databases } from '../database/databases.ts';
import { SUGGESTED_KEYS, suggestCredits } from './book-queries.ts';

const suggestionQuery = z.object({
  field: z.enum(SUGGESTED_KEYS),
  text: z.string().max(100).trim(),
});

export function bookRoutes(databases: Databases): Router {
  const router = Router();

  router.get('/api/books/suggestions', async (req, res) => {
    const { field, text } = suggestionQuery.parse(req.query);
    const suggestions = await databases.catalogue.readReplica(req.principal!, (db) =>
      suggestCredits(db, field, text),
    );
    res.json({ suggestions });
  });

  return router;
}
