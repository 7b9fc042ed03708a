import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

const A_MAIL_SERVER =
  'the address of a mail server, such as smtps://user:password@mail.example.com:465; special characters of user and ' +
  'password are written as in addresses (@ is %40)';
const A_SENDER = 'a mail address, such as inventario@example.com or Inventario <inventario@example.com>';
const AN_ADDRESS = 'the address that people open, such as https://inventario.example.com';
const A_RECEIVER =
  'an address with https://, or with http:// in your own network, without user and password, such as ' +
  'https://example.com/hooks/inventario';
const A_KEY =
  'whsec_ and 24 to 64 random bytes in Base64, such as the output of: echo whsec_$(openssl rand -base64 32)';

const SENDER = /^(?:(?<name>[^<>"\r\n]{1,100}?)\s*<(?<bracketed>[^<>\s]+)>|(?<plain>[^<>\s]+))$/;
const OWN_NAME = /^[^.]+$|\.(?:local|localhost|lan|internal|home\.arpa)$/;
const OWN_NETWORKS = privateNetworks();
const KEY = /^whsec_(?<key>[A-Za-z0-9+/]+={0,2})$/;

/** Alerts of low stock (docs/decisions/alerts.md); each way of telling is off without its setting. */
export const alertSettings = {
  SMTP_URL: z.string().refine(isMailServer, A_MAIL_SERVER).optional(),
  MAIL_FROM: z
    .string()
    .refine((text) => readSender(text) !== undefined, A_SENDER)
    .optional(),
  PUBLIC_URL: z
    .string()
    .refine(isHttp, AN_ADDRESS)
    .transform((text) => text.replace(/\/+$/, ''))
    .optional(),
  WEBHOOK_URL: z.string().refine(isReceiver, A_RECEIVER).optional(),
  WEBHOOK_SECRET: z
    .string()
    .refine((text) => isKey(readKey(text)), A_KEY)
    .optional(),
};

export interface AlertSettings {
  SMTP_URL?: string | undefined;
  MAIL_FROM?: string | undefined;
  PUBLIC_URL?: string | undefined;
  WEBHOOK_URL?: string | undefined;
  WEBHOOK_SECRET?: string | undefined;
}

export const ALERT_SETTINGS = Object.keys(alertSettings) as (keyof AlertSettings)[];

export function needPairs(values: AlertSettings, context: z.RefinementCtx): void {
  const need = (path: keyof AlertSettings, message: string) => {
    if (values[path] === undefined) context.addIssue({ code: 'custom', path: [path], message });
  };
  if (values.SMTP_URL !== undefined) need('MAIL_FROM', `${A_SENDER}, as SMTP_URL is set`);
  if (values.WEBHOOK_URL !== undefined) need('WEBHOOK_SECRET', `${A_KEY} (WEBHOOK_URL is set)`);
}

export interface Sender {
  name: string;
  address: string;
}

export function readSender(text: string): Sender | undefined {
  const { name = '', bracketed, plain } = SENDER.exec(text.trim())?.groups ?? {};
  const address = z
    .email()
    .max(254)
    .safeParse(bracketed ?? plain);
  return address.success ? { name: name.trim(), address: address.data } : undefined;
}

export function readKey(text: string): Buffer {
  return Buffer.from(KEY.exec(text)?.groups?.key ?? '', 'base64');
}

function isKey({ length }: Buffer): boolean {
  return length >= 24 && length <= 64;
}

function isMailServer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') return false;
  const hasBoth = (url.username === '') === (url.password === '');
  return hasBoth && isDecodable(url.username) && isDecodable(url.password);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isHttp(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.username + url.password === '';
}

/** fetch refuses an address with a password; unencrypted messages stay in networks of one's own. */
function isReceiver(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isHttp(text) && (url.protocol === 'https:' || isOwnNetwork(url.hostname));
}

/** An address of this machine or of a network of one's own. */
export function isOwnNetworkUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isHttp(text) && isOwnNetwork(url.hostname);
}

function isOwnNetwork(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(host);
  if (version === 0) return OWN_NAME.test(host);
  return OWN_NETWORKS.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** RFC 1918, RFC 4193, and loopback. */
function privateNetworks(): BlockList {
  const networks = new BlockList();
  networks.addSubnet('127.0.0.0', 8);
  networks.addSubnet('10.0.0.0', 8);
  networks.addSubnet('172.16.0.0', 12);
  networks.addSubnet('192.168.0.0', 16);
  networks.addAddress('::1', 'ipv6');
  networks.addSubnet('fc00::', 7, 'ipv6');
  return networks;
}
