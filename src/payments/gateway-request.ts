import { GatewayError } from './provider.ts';

const TIME_LIMIT_MS = 10_000;
const LONGEST_ANSWER = 512 * 1024;

export interface GatewayAnswer {
  status: number;
  text: string;
}

/** To a payment gateway: bounded in time and length; redirects are not followed. @throws GatewayError without an answer */
export async function askGateway(
  gateway: string,
  url: string,
  request: Pick<RequestInit, 'method' | 'headers' | 'body'> = {},
): Promise<GatewayAnswer> {
  try {
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    const response = await fetch(url, { ...request, redirect: 'error', signal });
    return { status: response.status, text: await readText(response) };
  } catch (error) {
    throw new GatewayError(gateway, problemOf(error));
  }
}

/** @throws GatewayError unless the answer is 2xx with JSON */
export function readAnswer(gateway: string, { status, text }: GatewayAnswer): unknown {
  if (status < 200 || status > 299) throw new GatewayError(gateway, `HTTP ${status}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new GatewayError(gateway, 'not JSON');
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new RangeError('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The error itself may hold the address, and that a key. */
function problemOf(error: unknown): string {
  const { name, cause } = error as Error;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? name;
}
