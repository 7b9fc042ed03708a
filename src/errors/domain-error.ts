/** Serialised to JSON for repeats of the same write. */
export interface ErrorAnswer {
  /** snake_case and stable: callers compare it. */
  code: string;
  status: number;
  textKey: string;
  values?: Record<string, string | number> | undefined;
  field?: string | undefined;
  details?: object | undefined;
  retryAfterSeconds?: number | undefined;
}

/** A business rule refuses the action. A refused write is rolled back and its refusal stored. */
export class DomainError extends Error {
  readonly code: string;
  readonly status: number;
  readonly textKey: string;
  readonly values: Record<string, string | number>;
  readonly field: string | undefined;
  readonly details: object | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(answer: ErrorAnswer) {
    super(answer.code);
    this.name = new.target.name;
    this.code = answer.code;
    this.status = answer.status;
    this.textKey = answer.textKey;
    this.values = answer.values ?? {};
    this.field = answer.field;
    this.details = answer.details;
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }

  toJSON(): ErrorAnswer {
    const { code, status, textKey, values, field, details, retryAfterSeconds } = this;
    return { code, status, textKey, values, field, details, retryAfterSeconds };
  }
}

/** Compare codes, not classes: a stored refusal is restored as a plain DomainError. */
export function isDomainError(error: unknown, code?: string): error is DomainError {
  return error instanceof DomainError && (code === undefined || error.code === code);
}
