import type { TFunction } from 'i18next';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import type { GroupTables } from '../database/tables.ts';
import { enqueue, type OutboxKind } from '../jobs/outbox.ts';
import { LANGUAGES, type Language } from '../locales/languages.ts';

export interface Reader {
  t: TFunction;
  language: Language;
  /** Of this installation, without a slash at its end. */
  publicUrl: string;
  /** Who writes: the name of MAIL_FROM, or the application's. */
  sender: string;
  /** Signs links. */
  secret: string;
}

export interface MailTemplate<Data> {
  /** At most 40 characters, such as `reset-password`. */
  name: string;
  /** JSON values only. */
  data: z.ZodType<Data>;
  /** It has a link that opens an account: staff see its text only where no mail server is set up. */
  isSecret?: boolean;
  /** What `views/mail/<view>.text.ejs` and `.html.ejs` show. */
  write: (data: Data, reader: Reader) => { subject: string; view: string; values: object };
}

export interface NewMail<Data> {
  /** Of what caused it, at most 100 ASCII characters, such as `order-paid:17`: a second e-mail with the key is dropped. */
  eventKey: string;
  to: string;
  language: Language;
  template: MailTemplate<Data>;
  data: Data;
}

const queuedMail = z.object({
  eventKey: z.string(),
  to: z.string(),
  language: z.enum(LANGUAGES),
  template: z.string(),
  data: z.unknown(),
});

export type QueuedMail = z.output<typeof queuedMail>;

export const QUEUED_MAIL: OutboxKind<QueuedMail> = { name: 'mail', payload: queuedMail };

/** In the transaction of the event, of either group: sent if it commits, once (docs/decisions/mail.md). */
export async function queueMail<Tables extends GroupTables, Data>(
  trx: Transaction<Tables>,
  { template, data, ...mail }: NewMail<Data>,
): Promise<void> {
  await enqueue(trx, QUEUED_MAIL, { ...mail, template: template.name, data: template.data.parse(data) });
}
