import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  to: string[];
  subject: string;
  messageId: string;
  text: string;
  html: string;
}

/** Takes mail on loopback from those who know the password. */
export class MailServer {
  readonly user = 'inventario';
  readonly password = 'p@ss/wörd-of-the-mail-server';
  readonly mails: ReceivedMail[] = [];
  /** The answers that are kept back; undefined if none is. */
  #kept: (() => void)[] | undefined;
  #server: SMTPServer | undefined;
  #port = 0;

  /** On the same port as before. */
  async start(): Promise<void> {
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === this.user && password === this.password;
        done(isRight ? null : new Error('wrong password'), { user: username });
      },
      onData: (stream, session, done) => {
        void text(stream).then((raw) => {
          this.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), ...parse(raw) });
          if (this.#kept) this.#kept.push(done);
          else done();
        });
      },
    });
    const server = this.#server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Takes mail, but does not say so until `release`. */
  holdAnswers(): void {
    this.#kept = [];
  }

  release(): void {
    for (const answer of this.#kept ?? []) answer();
    this.#kept = undefined;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server?.close(resolve));
  }

  get url(): string {
    return `smtp://${this.user}:${encodeURIComponent(this.password)}@127.0.0.1:${this.#port}`;
  }
}

function parse(raw: string): Omit<ReceivedMail, 'to'> {
  const head = unfolded(raw.slice(0, raw.indexOf('\r\n\r\n')));
  const boundary = /boundary="([^"]+)"/.exec(head)![1]!;
  const parts = raw.split(`--${boundary}`).slice(1, -1);
  const contentOf = (type: string) =>
    decode(parts.find((part) => part.includes(`Content-Type: ${type}`)) ?? '');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  return {
    subject: header('Subject'),
    messageId: header('Message-ID'),
    text: contentOf('text/plain'),
    html: contentOf('text/html'),
  };
}

const unfolded = (head: string) => head.replace(/\r\n[ \t]+/g, ' ');

function decode(part: string): string {
  const end = part.indexOf('\r\n\r\n');
  return decoded(part.slice(0, end), part.slice(end + 4)).replaceAll('\r\n', '\n');
}

function decoded(head: string, body: string): string {
  if (/encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/encoding: quoted-printable/i.test(head)) return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
