import { Router, type RequestHandler } from 'express';
import { drain } from '../http/drain.ts';
import { forPrograms, notFound } from '../http/error-handler.ts';
import { onlyBelow } from '../http/only-below.ts';

interface ApiDependencies {
  draining: AbortSignal;
  language: RequestHandler;
}

/** Endpoints for programs. No cookie is read, so no CSRF token is needed. */
export function api({ draining, language }: ApiDependencies): Router {
  const router = Router();
  router.use(onlyBelow('/api/v1'));
  router.use(forPrograms);
  router.use(language);
  router.use(drain(draining));

  router.use(notFound);
  return router;
}
