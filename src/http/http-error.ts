import { DomainError, type ErrorAnswer } from '../errors/domain-error.ts';

/** An answer other than success that depends on the request alone, such as a page that does not exist. */
export class HttpError extends DomainError {
  constructor(status: number, textKey: string, more: Pick<ErrorAnswer, 'values' | 'retryAfterSeconds'> = {}) {
    super({ code: `http_${status}`, status, textKey, ...more });
  }
}
