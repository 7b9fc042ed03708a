import { DomainError, type ErrorAnswer } from '../errors/domain-error.ts';

export class HttpError extends DomainError {
  constructor(status: number, textKey: string, more: Pick<ErrorAnswer, 'values' | 'retryAfterSeconds'> = {}) {
    super({ code: `http_${status}`, status, textKey, ...more });
  }
}
