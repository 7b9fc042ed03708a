/** As many as anybody looks at; the log has them all. */
const KEPT = 10;

/** An error that a person met: what kind, and the request in whose log lines the rest stands. */
export interface RecentError {
  /** ISO 8601. */
  at: string;
  /** Never the error's text. */
  kind: string;
  requestId: string;
}

const recent: RecentError[] = [];

/** MySQL's or Node's code, such as `ECONNREFUSED`, else the error's name. Up to 60 characters. */
export function kindOfError(error: unknown): string {
  const { code, name } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return (code ?? name ?? typeof error).slice(0, 60);
}

export function noteError(error: unknown, requestId: string): void {
  recent.unshift({ at: new Date().toISOString(), kind: kindOfError(error), requestId });
  recent.length = Math.min(recent.length, KEPT);
}

/** The newest first. */
export function recentErrors(): readonly RecentError[] {
  return recent;
}
