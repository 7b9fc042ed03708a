import { readSender } from '../config/alerts.ts';
import type { WebConfig } from '../config/config.ts';
import { loadTexts, type Texts } from '../http/i18n.ts';
import { renderView } from '../http/views.ts';
import type { MailTemplate, QueuedMail, Reader } from './mail.ts';
import type { Mail } from './mailer.ts';

// Each template is called with what its own schema has parsed.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyTemplate = MailTemplate<any>;

type Config = Pick<WebConfig, 'CURRENCY' | 'PUBLIC_URL' | 'MAIL_FROM' | 'SESSION_SECRET'>;

export class MailWriter {
  readonly #templates: Map<string, AnyTemplate>;
  readonly #texts: Texts;
  readonly #config: Config;

  private constructor(config: Config, templates: readonly AnyTemplate[], texts: Texts) {
    this.#config = config;
    this.#templates = new Map(templates.map((template) => [template.name, template]));
    this.#texts = texts;
  }

  static async create(config: Config, templates: readonly AnyTemplate[]): Promise<MailWriter> {
    return new MailWriter(config, templates, await loadTexts(config.CURRENCY));
  }

  isSecret(template: string): boolean {
    return this.#templates.get(template)?.isSecret ?? false;
  }

  /** @returns undefined if only another version knows the template */
  subjectOf(mail: Pick<QueuedMail, 'language' | 'template' | 'data'>): string | undefined {
    return this.#fill(mail)?.subject;
  }

  /** @throws if only another version knows the template */
  async write(
    mail: Pick<QueuedMail, 'language' | 'template' | 'data'>,
  ): Promise<Pick<Mail, 'subject' | 'text' | 'html'>> {
    const filled = this.#fill(mail);
    if (!filled) throw new Error(`No template "${mail.template}" in this version`);
    const { subject, view, values, sender } = filled;
    const page = { ...values, subject, sender, language: mail.language };
    const [text, html] = await Promise.all(
      ['text', 'html'].map((format) => renderView(`mail/${view}.${format}`, page)),
    );
    return { subject, text: `${text!.trim()}\n`, html: html! };
  }

  #fill({ language, template: name, data }: Pick<QueuedMail, 'language' | 'template' | 'data'>) {
    const template = this.#templates.get(name);
    const reader = this.#reader(language);
    return template && { ...template.write(template.data.parse(data), reader), sender: reader.sender };
  }

  #reader(language: Reader['language']): Reader {
    const { PUBLIC_URL, MAIL_FROM, SESSION_SECRET: secret } = this.#config;
    const t = this.#texts[language];
    const sender = readSender(MAIL_FROM ?? '')?.name || t('app.name');
    return { t, language, publicUrl: PUBLIC_URL ?? 'http://localhost', sender, secret };
  }
}
