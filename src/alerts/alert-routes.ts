import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { CADENCES } from '../database/tables.ts';
import type { Actor } from '../database/write-counts.ts';
import { leaveFlash } from '../http/flash.ts';
import { readForm } from '../http/forms.ts';
import { NO_PROBLEM, saveForm } from '../http/save-form.ts';
import { LANGUAGES } from '../locales/languages.ts';
import { DAILY_HOUR } from './daily-time.ts';
import { findDelay, type Delay } from './delays.ts';
import {
  findLastBatch,
  findSubscription,
  lookForDigests,
  LOW_STOCK_DIGEST,
  saveSubscription,
} from './subscriptions.ts';
import { STOCK_LEVEL_DROPPED } from './webhook.ts';

const address = z.email().max(254);

const alertForm = z
  .object({
    email: z
      .string()
      .default('')
      .transform((text) => text.trim())
      .refine((text) => text === '' || address.safeParse(text).success, 'alerts.errors.email'),
    cadence: z.enum(CADENCES, 'alerts.errors.cadence'),
    language: z.enum(LANGUAGES, 'alerts.errors.language'),
  })
  .refine(({ email, cadence }) => cadence === 'none' || email !== '', {
    path: ['email'],
    error: 'alerts.errors.emailMissing',
  });

const typed = z.string().catch('');
const typedValues = z.object({ email: typed, cadence: typed, language: typed });

interface SetUp {
  mail: Delay | undefined;
  webhook: Delay | undefined;
}

export function alertRoutes({ SMTP_URL, WEBHOOK_URL, TZ_DEFAULT }: WebConfig, databases: Databases): Router {
  const router = Router();
  const { directory, catalogue } = databases;

  router.get('/alerts', async (req, res) => {
    const user = req.principal!;
    const saved = await directory.readReplica(user, (db) => findSubscription(db, user.id));
    const language = saved.email === '' ? req.language : saved.language;
    await show(req, res, { ...NO_PROBLEM, values: { ...saved, language } });
  });

  router.post('/alerts', async (req, res) => {
    const user = req.principal!;
    await saveForm(req, res, {
      parse: () => readForm(alertForm, req.body, req.t),
      save: async (input) => {
        const batch = await catalogue.transact(findLastBatch);
        await directory.transactOnce(user, req.writeId(), (trx) =>
          saveSubscription(trx, user.id, input, { batch, zone: TZ_DEFAULT }),
        );
        await catalogue.transact(lookForDigests);
      },
      show: (page) => show(req, res, { ...page, values: typedValues.parse(req.body ?? {}) }),
      done: () => {
        leaveFlash(req, res, { textKey: 'alerts.saved' });
        res.redirect(303, '/alerts');
      },
    });
  });

  async function show(req: Request, res: Response, page: object): Promise<void> {
    res.render('alerts/form', {
      ...page,
      cadences: CADENCES,
      languages: LANGUAGES,
      hour: DAILY_HOUR,
      zone: TZ_DEFAULT,
      isMailOn: SMTP_URL !== undefined,
      setUp: req.principal!.permissions.has('system:view') ? await readSetUp(req.principal!) : undefined,
    });
  }

  async function readSetUp(user: Actor): Promise<SetUp> {
    const [mail, webhook] = await Promise.all([
      SMTP_URL === undefined ? undefined : findDelay(directory, user, LOW_STOCK_DIGEST.name),
      WEBHOOK_URL === undefined ? undefined : findDelay(catalogue, user, STOCK_LEVEL_DROPPED.name),
    ]);
    return { mail, webhook };
  }

  return router;
}
