import { createTransport, type Transporter } from 'nodemailer';
import { readSender, type Sender } from '../config/alerts.ts';
import type { WebConfig } from '../config/config.ts';

const SILENCE_LIMIT_MS = 20_000;
const TIME_LIMIT_MS = 60_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export interface Mail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Without the server's answer, which may name the recipient. */
export class MailError extends Error {
  override name = 'MailError';
  readonly code: string;

  constructor(code: string) {
    super(`The mail server did not take the message: ${code}`);
    this.code = code;
  }
}

export class Mailer {
  readonly #transport: Transporter;
  readonly #from: Sender;

  constructor(settings: { SMTP_URL: string; MAIL_FROM: string }) {
    this.#transport = createTransport(transportOptions(new URL(settings.SMTP_URL)));
    this.#from = readSender(settings.MAIL_FROM)!;
  }

  /** @throws MailError */
  async send({ id, to, ...content }: Mail, signal: AbortSignal): Promise<void> {
    const domain = this.#from.address.split('@').at(-1)!;
    try {
      await this.#transport.sendMail({
        ...content,
        from: this.#from,
        to: { name: '', address: to },
        messageId: `<${id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]),
      });
    } catch (error) {
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      throw new MailError([code ?? 'unknown', responseCode].filter(Boolean).join(' '));
    }
  }
}

/** @returns undefined if no mail server is set up */
export function createMailer({
  SMTP_URL,
  MAIL_FROM,
}: Pick<WebConfig, 'SMTP_URL' | 'MAIL_FROM'>): Mailer | undefined {
  return SMTP_URL && MAIL_FROM ? new Mailer({ SMTP_URL, MAIL_FROM }) : undefined;
}

/** Only what the setting means: nodemailer would take further options from its query. */
function transportOptions({ protocol, hostname, port, username, password }: URL) {
  const secure = protocol === 'smtps:';
  const hasPassword = username !== '';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    // A password goes over the network encrypted or not at all.
    requireTLS: !secure && hasPassword && !LOOPBACK.test(hostname),
    ...(hasPassword && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: SILENCE_LIMIT_MS,
    greetingTimeout: SILENCE_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    dnsTimeout: SILENCE_LIMIT_MS,
  };
}
