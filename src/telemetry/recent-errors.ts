/** As many as anybody looks at; the log has them all. */
const KEPT = 10;

/** An error that a person met: what kind, and the request in whose log lines the rest stands. */
export interface RecentError {
  /** ISO 8601. */
  at: string;
  /** MySQL's or Node's code, such as `ECONNREFUSED`, else the error's name. Never its text. */
  kind: string;
  requestId: string;
}

const recent: RecentError[] = [];

export function noteError(error: unknown, requestId: string): void {
  const { code, name } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const kind = (code ?? name ?? typeof error).slice(0, 60);
  recent.unshift({ at: new Date().toISOString(), kind, requestId });
  recent.length = Math.min(recent.length, KEPT);
}

/** The newest first. */
export function recentErrors(): readonly RecentError[] {
  return recent;
}
