import { Router, type Request } from 'express';
import { z } from 'zod';
import type { WebConfig } from '../config/config.ts';
import type { Databases } from '../database/databases.ts';
import { HttpError } from '../http/http-error.ts';
import { findMail, KEPT_DAYS, listMails, PER_PAGE, type StoredMail } from './mail-queries.ts';
import type { MailWriter } from './mail-writer.ts';

const listQuery = z.object({ before: z.uuid().optional().catch(undefined) });

/** The e-mails to customers, for administrators. */
export function mailRoutes({ SMTP_URL }: WebConfig, databases: Databases, mails: MailWriter): Router {
  const router = Router();
  const { directory } = databases;
  const isMailOn = SMTP_URL !== undefined;

  router.get('/mail', async (req, res) => {
    const { before } = listQuery.parse(req.query);
    const found = await directory.readReplica(req.principal!, (db) => listMails(db, before));
    const page = found.slice(0, PER_PAGE);
    res.render('mail/list', {
      isMailOn,
      keptDays: KEPT_DAYS,
      mails: page.map((mail) => ({ ...mail, subject: mails.subjectOf(mail) ?? mail.template })),
      next: found.length > PER_PAGE ? page.at(-1)!.id : undefined,
    });
  });

  router.get('/mail/:id', async (req, res) => {
    const mail = await getMail(req);
    const subject = mails.subjectOf(mail);
    const isShown = subject !== undefined && !(isMailOn && mails.isSecret(mail.template));
    const text = isShown ? (await mails.write(mail)).text : undefined;
    res.render('mail/show', { mail, subject: subject ?? mail.template, text });
  });

  async function getMail(req: Request): Promise<StoredMail> {
    const id = z.uuid().safeParse(req.params.id);
    const mail = id.success
      ? await directory.readReplica(req.principal!, (db) => findMail(db, id.data))
      : undefined;
    if (!mail) throw new HttpError(404, 'mail.notFound');
    return mail;
  }

  return router;
}
