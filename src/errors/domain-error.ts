/** How an error is answered. It survives as JSON, so that a write sent again is answered alike. */
export interface ErrorAnswer {
  /** Stable, in snake_case: what callers compare. */
  code: string;
  status: number;
  /** Names the text in src/locales that tells the person why. */
  textKey: string;
  /** What the text has in its gaps. */
  values?: Record<string, string | number> | undefined;
  /** The form field that the text stands beside. */
  field?: string | undefined;
  /** What a JSON answer carries beside the text. */
  details?: object | undefined;
  retryAfterSeconds?: number | undefined;
}

/** A rule says no. Where a write is refused, all of it is rolled back, and the refusal is kept. */
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

/** Compares codes, never classes: a refusal that was kept comes back as a plain DomainError. */
export function isDomainError(error: unknown, code?: string): error is DomainError {
  return error instanceof DomainError && (code === undefined || error.code === code);
}
