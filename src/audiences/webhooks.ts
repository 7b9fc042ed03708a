import express, { Router, type RequestHandler } from 'express';
import { drain } from '../http/drain.ts';
import { forPrograms, notFound } from '../http/error-handler.ts';
import { onlyBelow } from '../http/only-below.ts';

interface WebhookDependencies {
  draining: AbortSignal;
  language: RequestHandler;
}

/** Senders sign the raw body, so it stays a Buffer; the signature replaces session and CSRF token. */
export function webhooks({ draining, language }: WebhookDependencies, ...receivers: Router[]): Router {
  const router = Router();
  router.use(onlyBelow('/webhooks'));
  router.use(forPrograms);
  router.use(language);
  router.use(drain(draining));
  router.use(express.raw({ type: () => true, limit: '100kb' }));

  for (const receiver of receivers) router.use(receiver);
  router.use(notFound);
  return router;
}
