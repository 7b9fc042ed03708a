import { z } from 'zod';
import { askGateway, readAnswer, type GatewayAnswer } from './gateway-request.ts';

export interface PaypalAccess {
  clientId: string;
  clientSecret: string;
  apiUrl: string;
}

const token = z.object({ access_token: z.string(), expires_in: z.number() });
/** Before its end, so that it does not end on the way. */
const RENEW_BEFORE_MS = 60_000;

/** Calls with an access token, which is kept as long as it is valid. */
export class PaypalApi {
  readonly #access: PaypalAccess;
  #token: Promise<string> | undefined;
  #renewAt = 0;

  constructor(access: PaypalAccess) {
    this.#access = access;
  }

  /** @param requestId by which PayPal recognises a repeat */
  async call(
    method: 'GET' | 'POST',
    path: string,
    { requestId, body }: { requestId?: string; body?: object } = {},
  ): Promise<GatewayAnswer> {
    const send = async () =>
      askGateway('paypal', this.#access.apiUrl + path, {
        method,
        headers: {
          authorization: `Bearer ${await this.#validToken()}`,
          'content-type': 'application/json',
          prefer: 'return=representation',
          ...(requestId && { 'paypal-request-id': requestId }),
        },
        ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
      });
    const answer = await send();
    if (answer.status !== 401) return answer;
    this.#token = undefined;
    return send();
  }

  async #validToken(): Promise<string> {
    if (!this.#token || Date.now() >= this.#renewAt) {
      this.#token = this.#fetchToken();
      // The next call tries again.
      this.#token.catch(() => (this.#token = undefined));
      this.#renewAt = Infinity;
    }
    return this.#token;
  }

  async #fetchToken(): Promise<string> {
    const { clientId, clientSecret, apiUrl } = this.#access;
    const answer = await askGateway('paypal', `${apiUrl}/v1/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    });
    const { access_token, expires_in } = token.parse(readAnswer('paypal', answer));
    this.#renewAt = Date.now() + expires_in * 1000 - RENEW_BEFORE_MS;
    return access_token;
  }
}
