import type { Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Attempt } from '../jobs/outbox.ts';
import { QUEUED_MAIL, type QueuedMail } from './mail.ts';
import { deleteOldMails, finishMail, storeMail } from './mail-queries.ts';
import type { MailWriter } from './mail-writer.ts';
import { createMailer } from './mailer.ts';

/** Some three days: the first twelve take an hour, the others an hour each. */
const MAX_ATTEMPTS = 84;
/** A mail server that hangs must not hold up other work of the outbox. */
const AT_ONCE = 2;

interface Dependencies {
  config: Pick<WebConfig, 'SMTP_URL' | 'MAIL_FROM'>;
  databases: Databases;
  logger: Logger;
  mails: MailWriter;
}

export function mailJobs(jobs: Jobs, { config, databases, logger, mails }: Dependencies): void {
  const { directory } = databases;
  const mailer = createMailer(config);

  const handle = async (mail: QueuedMail, { id, attempt, signal }: Attempt) => {
    const stored = await directory.transact((trx) => storeMail(trx, id, mail));
    // The same event was queued twice, or an earlier attempt has died between the answer of the server and its end.
    if (stored.id !== id || stored.state !== 'waiting') return;
    const finish = (state: 'sent' | 'kept' | 'given_up') =>
      directory.transact((trx) => finishMail(trx, id, state));
    if (!mailer) return finish('kept');
    if (attempt > MAX_ATTEMPTS) {
      logger.error({ entry: id, template: mail.template }, 'mail given up');
      return finish('given_up');
    }
    await mailer.send({ id, to: mail.to, ...(await mails.write(mail)) }, signal);
    await finish('sent');
  };
  jobs.handle(QUEUED_MAIL, handle, { atOnce: AT_ONCE });
  jobs.cleanUp('mail', directory, deleteOldMails);
}
