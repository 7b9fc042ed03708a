import { DomainError, type ErrorAnswer } from '../errors/domain-error.ts';

export interface StoredRefusal extends ErrorAnswer {
  /** The class name; the previous version identifies refusals by it. */
  refusal: string;
}

export function storeRefusal(error: DomainError): StoredRefusal {
  return { refusal: error.name, ...error.toJSON() };
}

export function restoreRefusal(stored: StoredRefusal | { refusal: string; details: object }): DomainError {
  if ('code' in stored) return new DomainError(stored);
  // The previous version stored neither status nor text.
  const answer = { code: 'refused_before', status: 422, textKey: 'errors.refusedBefore' };
  return new DomainError({ ...answer, details: stored.details });
}
