import { Router } from 'express';
import type { Databases } from '../database/databases.ts';
import { HttpError } from '../http/http-error.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { takeNotification } from '../orders/provider-calls.ts';
import type { Providers } from '../payments/provider.ts';

interface WebhookDependencies {
  databases: Databases;
  providers: Providers;
  jobs: Jobs;
}

/** Also while the shop is off: money for earlier orders may still come. */
export function paymentWebhooks({ databases, providers, jobs }: WebhookDependencies): Router {
  const router = Router();
  router.post('/webhooks/payments/:provider', async (req, res) => {
    const provider = providers.get(req.params.provider);
    if (!provider?.isOnline) throw new HttpError(404, 'errors.notFound');
    // Express makes an empty object of a request without a body.
    const rawBody = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    await takeNotification(databases.catalogue, provider, rawBody, req.headers);
    jobs.wakeOutbox();
    res.json({ received: true });
  });
  return router;
}
