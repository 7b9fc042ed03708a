import { DomainError, type ErrorAnswer } from '../errors/domain-error.ts';

/** What remains of a refused write between two requests. */
export interface StoredRefusal extends ErrorAnswer {
  /** The class, by which the version before knows the refusal. */
  refusal: string;
}

export function storeRefusal(error: DomainError): StoredRefusal {
  return { refusal: error.name, ...error.toJSON() };
}

export function restoreRefusal(stored: StoredRefusal | { refusal: string; details: object }): DomainError {
  if ('code' in stored) return new DomainError(stored);
  // The version before stored neither status nor text.
  const answer = { code: 'refused_before', status: 422, textKey: 'errors.refusedBefore' };
  return new DomainError({ ...answer, details: stored.details });
}
