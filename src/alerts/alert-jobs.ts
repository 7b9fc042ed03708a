import { sql } from 'kysely';
import type { Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { loadTexts } from '../http/i18n.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Attempt } from '../jobs/outbox.ts';
import { createMailer } from '../mail/mailer.ts';
import { readDigest } from './digest.ts';
import { writeDigest } from './digest-mail.ts';
import { AT_ONCE, collectChanges, deleteOldChanges, hasNewChanges } from './level-changes.ts';
import {
  areDigestsDue,
  enqueueDigests,
  findSubscription,
  finishDigest,
  LOW_STOCK_DIGEST,
  type DigestRange,
} from './subscriptions.ts';
import { sendWebhook, STOCK_LEVEL_DROPPED, type LevelMessage } from './webhook.ts';

/** Some three days: the first twelve take an hour, the others an hour each. */
const MAX_ATTEMPTS = 84;

type Config = Pick<
  WebConfig,
  'SMTP_URL' | 'MAIL_FROM' | 'PUBLIC_URL' | 'WEBHOOK_URL' | 'WEBHOOK_SECRET' | 'TZ_DEFAULT' | 'CURRENCY'
>;

export async function alertJobs(
  jobs: Jobs,
  { config, databases, logger }: { config: Config; databases: Databases; logger: Logger },
): Promise<void> {
  const { catalogue } = databases;
  const mailer = createMailer(config);
  const receiver = receiverOf(config);
  const condition = sql<boolean>`(${hasNewChanges} OR ${mailer ? areDigestsDue : sql`FALSE`})`;
  jobs.whenDue('stock alerts', { group: catalogue, condition }, async (stopping) => {
    const collect = () =>
      catalogue.transact((trx) => collectChanges(trx, { hasWebhook: receiver !== undefined }));
    // All of a large import belongs to one digest.
    while ((await collect()) === AT_ONCE && !stopping.aborted);
    if (mailer && !stopping.aborted) await enqueueDigests(databases, config.TZ_DEFAULT);
    jobs.wakeOutbox();
  });
  jobs.cleanUp('level changes', catalogue, deleteOldChanges);

  if (receiver) {
    const handle = async (message: LevelMessage, attempt: Attempt) => {
      if (!isGivenUp(attempt)) await sendWebhook(receiver, message, attempt);
    };
    jobs.handle(STOCK_LEVEL_DROPPED, handle, { atOnce: 1 });
  }
  if (mailer) {
    const texts = await loadTexts(config.CURRENCY);
    const send = async ({ user, after, upTo }: DigestRange, { id, signal }: Attempt) => {
      const { email, language, cadence, told } = await databases.directory.transact((db) =>
        findSubscription(db, user),
      );
      // An earlier attempt may have sent it, and died before its entry was deleted.
      if (email === '' || cadence === 'none' || told >= upTo) return;
      const digest = await catalogue.transact((db) => readDigest(db, { after, upTo }));
      if (digest.products.length === 0) return;
      const reader = { t: texts[language], language, publicUrl: config.PUBLIC_URL ?? 'http://localhost' };
      await mailer.send({ id, to: email, ...(await writeDigest(digest, reader)) }, signal);
    };
    const handle = async (range: DigestRange, attempt: Attempt) => {
      if (!isGivenUp(attempt)) await send(range, attempt);
      await finishDigest(databases, range);
    };
    jobs.handle(LOW_STOCK_DIGEST, handle, { atOnce: 1 });
  }

  function isGivenUp({ id, attempt }: Attempt): boolean {
    if (attempt > MAX_ATTEMPTS) logger.error({ entry: id }, 'alert given up');
    return attempt > MAX_ATTEMPTS;
  }
}

function receiverOf({ WEBHOOK_URL, WEBHOOK_SECRET }: Config) {
  return WEBHOOK_URL && WEBHOOK_SECRET ? { url: WEBHOOK_URL, secret: WEBHOOK_SECRET } : undefined;
}
