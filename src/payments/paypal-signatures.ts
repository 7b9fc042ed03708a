import { createVerify, X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { askGateway, statusError } from './gateway-request.ts';
import { ForgedNotificationError, GatewayError } from './provider.ts';

const MAX_CERTIFICATES = 20;
/** PayPal changes its certificate once a year or so; whoever forges messages names new ones all the time. */
const FETCHES_A_MINUTE = 10;

const transmission = z.object({
  'paypal-transmission-id': z.string().max(100),
  'paypal-transmission-time': z.string().max(100),
  'paypal-transmission-sig': z.string().max(1000),
  'paypal-cert-url': z.string().max(500),
  'paypal-auth-algo': z.literal('SHA256withRSA'),
});

/** https://developer.paypal.com/api/rest/webhooks/rest/#link-selfverificationmethod */
export function signedText(
  { id, time, webhookId }: { id: string; time: string; webhookId: string },
  rawBody: Buffer,
): string {
  return `${id}|${time}|${webhookId}|${crc32(rawBody)}`;
}

/** Verifies messages with PayPal's own certificates, which it keeps. */
export class PaypalVerifier {
  readonly #webhookId: string;
  /** Where PayPal's certificates are, such as https://api.paypal.com. */
  readonly #origins: readonly string[];
  readonly #certificates = new Map<string, X509Certificate>();
  #fetches = { left: FETCHES_A_MINUTE, until: 0 };

  constructor(webhookId: string, origins: readonly string[]) {
    this.#webhookId = webhookId;
    this.#origins = origins;
  }

  /** @throws ForgedNotificationError */
  async verify(rawBody: Buffer, headers: IncomingHttpHeaders): Promise<void> {
    const read = transmission.safeParse(headers);
    if (!read.success) throw new ForgedNotificationError('headers');
    const { 'paypal-transmission-id': id, 'paypal-transmission-time': time } = read.data;
    const certificate = await this.#certificate(read.data['paypal-cert-url']);
    const signature = Buffer.from(read.data['paypal-transmission-sig'], 'base64');
    const text = signedText({ id, time, webhookId: this.#webhookId }, rawBody);
    if (!createVerify('RSA-SHA256').update(text).verify(certificate.publicKey, signature))
      throw new ForgedNotificationError('signature');
  }

  /** Anybody could sign with a certificate from elsewhere. */
  async #certificate(address: string): Promise<X509Certificate> {
    const url = URL.parse(address);
    if (!url || !this.#origins.includes(url.origin) || !url.pathname.startsWith(CERTIFICATES))
      throw new ForgedNotificationError('certificate');
    const { href } = url;
    const kept = this.#certificates.get(href);
    if (kept && isValid(kept)) return kept;
    this.#countFetch();
    const certificate = await fetchCertificate(href);
    if (this.#certificates.size >= MAX_CERTIFICATES) this.#certificates.clear();
    this.#certificates.set(href, certificate);
    return certificate;
  }

  #countFetch(): void {
    if (this.#fetches.until < Date.now())
      this.#fetches = { left: FETCHES_A_MINUTE, until: Date.now() + MINUTE_MS };
    if (this.#fetches.left-- <= 0) throw new GatewayError('paypal', 'too many certificates');
  }
}

const CERTIFICATES = '/v1/notifications/certs/';
const MINUTE_MS = 60_000;

async function fetchCertificate(href: string): Promise<X509Certificate> {
  const { status, text } = await askGateway('paypal', href);
  if (status === 404) throw new ForgedNotificationError('certificate');
  if (status !== 200) throw statusError('paypal', status);
  const certificate = parseCertificate(text);
  if (!isValid(certificate)) throw new ForgedNotificationError('certificate');
  return certificate;
}

function parseCertificate(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new ForgedNotificationError('certificate');
  }
}

function isValid({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = new Date();
  return validFromDate <= now && now <= validToDate;
}
