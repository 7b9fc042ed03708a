import { createCipheriv, createHmac } from 'node:crypto';
import { z } from 'zod';
import { isSameSignature } from './compare-signatures.ts';
import { ForgedNotificationError } from './provider.ts';

export type RedsysSignature = 'HMAC_SHA512_V2' | 'HMAC_SHA256_V1';

const signedMessage = z.object({
  Ds_SignatureVersion: z.enum(['HMAC_SHA512_V2', 'HMAC_SHA256_V1']),
  Ds_MerchantParameters: z.string().max(20_000),
  Ds_Signature: z.string().max(200),
});

export type SignedMessage = z.output<typeof signedMessage>;

/** https://pagosonline.redsys.es/desarrolladores-inicio/documentacion-operativa/firmar-una-operacion */
export function signRedsys(
  data: string,
  { version, key, order }: { version: RedsysSignature; key: string; order: string },
): string {
  if (version === 'HMAC_SHA512_V2')
    return createHmac('sha512', keyOfOrder512(key, order)).update(data).digest('base64url');
  return createHmac('sha256', keyOfOrder256(key, order)).update(data).digest('base64');
}

/** The key is a text here, of which AES takes 16 letters; the derived key is a text, too. */
function keyOfOrder512(key: string, order: string): string {
  const cipher = createCipheriv('aes-128-cbc', key.slice(0, 16), Buffer.alloc(16));
  return Buffer.concat([cipher.update(order), cipher.final()]).toString('base64');
}

function keyOfOrder256(key: string, order: string): Buffer {
  const cipher = createCipheriv('des-ede3-cbc', Buffer.from(key, 'base64'), Buffer.alloc(8));
  cipher.setAutoPadding(false);
  const padded = Buffer.alloc(Math.ceil(Buffer.byteLength(order) / 8) * 8);
  padded.write(order);
  return Buffer.concat([cipher.update(padded), cipher.final()]);
}

export function signedRequest(
  parameters: Record<string, string>,
  { version, key }: { version: RedsysSignature; key: string },
): SignedMessage {
  const Ds_MerchantParameters = Buffer.from(JSON.stringify(parameters)).toString('base64url');
  const order = parameters.DS_MERCHANT_ORDER!;
  return {
    Ds_SignatureVersion: version,
    Ds_MerchantParameters,
    Ds_Signature: signRedsys(Ds_MerchantParameters, { version, key, order }),
  };
}

/** @throws ForgedNotificationError */
export function readSignedMessage(message: unknown, key: string): Record<string, string> {
  const read = signedMessage.safeParse(message);
  if (!read.success) throw new ForgedNotificationError('form');
  const { Ds_SignatureVersion: version, Ds_MerchantParameters: data, Ds_Signature: signature } = read.data;
  const parameters = readParameters(data);
  const expected = signRedsys(data, { version, key, order: parameters.Ds_Order ?? '' });
  if (!isSameSignature(plainBase64(signature), plainBase64(expected)))
    throw new ForgedNotificationError('signature');
  return parameters;
}

/** Their values are encoded as in an address. */
function readParameters(data: string): Record<string, string> {
  try {
    // Node reads both alphabets of Base64.
    const values = z
      .record(z.string(), z.coerce.string())
      .parse(JSON.parse(Buffer.from(data, 'base64').toString()));
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [nameOf(name), decode(value)]));
  } catch {
    throw new ForgedNotificationError('parameters');
  }
}

/** Some answers name them in capitals. */
function nameOf(name: string): string {
  return NAMES.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
}

const NAMES = [
  ...['Ds_Order', 'Ds_Amount', 'Ds_Currency', 'Ds_Response', 'Ds_MerchantCode', 'Ds_Terminal'],
  ...['Ds_TransactionType', 'Ds_AuthorisationCode', 'Ds_MerchantData'],
];

function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}

function plainBase64(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
