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
    throw new GatewayError(gateway, problemOf(error), { isAway: true });
  }
}

/** @throws GatewayError unless the answer is 2xx with JSON */
export function readAnswer(gateway: string, { status, text }: GatewayAnswer): unknown {
  if (status < 200 || status > 299) throw statusError(gateway, status);
  try {
    return JSON.parse(text);
  } catch {
    throw new GatewayError(gateway, 'not JSON');
  }
}

/** Of an answer that is none. */
export function statusError(gateway: string, status: number): GatewayError {
  return new GatewayError(gateway, `HTTP ${status}`, { isAway: isAwayWith(status) });
}

/** With keys that it does not take, too many calls, or nothing behind its door. 500 may be about one call only. */
export function isAwayWith(status: number): boolean {
  return [401, 429, 502, 503, 504].includes(status);
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
