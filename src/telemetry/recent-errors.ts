const MAX_ERRORS = 10;

/** An error shown to a user; the log has the details under `requestId`. */
export interface RecentError {
  at: string;
  /** Never the message, which may hold data. */
  kind: string;
  requestId: string;
}

const recent: RecentError[] = [];

/** MySQL's or Node's code, such as `ECONNREFUSED`, or the error's name; at most 60 characters. */
export function kindOfError(error: unknown): string {
  const { code, name } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return (code ?? name ?? typeof error).slice(0, 60);
}

export function noteError(error: unknown, requestId: string): void {
  recent.unshift({ at: new Date().toISOString(), kind: kindOfError(error), requestId });
  recent.length = Math.min(recent.length, MAX_ERRORS);
}

export function recentErrors(): readonly RecentError[] {
  return recent;
}
