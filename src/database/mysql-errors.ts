/** The names mysql2 gives in `error.code`; see MySQL's Server Error Message Reference. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY';
}

/** MySQL rolled the transaction back and asks to try it again. */
export function isRetryable(error: unknown): boolean {
  return ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT'].includes(codeOf(error));
}

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'ER_SERVER_SHUTDOWN',
  'ER_CON_COUNT_ERROR',
  'ER_CLIENT_INTERACTION_TIMEOUT',
]);

/** The server ends its own process to start again on what it has cloned. */
export function isRestarting(error: unknown): boolean {
  // 3707: nobody has told it that it will be started again. Docker does so all the same.
  const isUnmanaged = error instanceof Error && 'errno' in error && error.errno === 3707;
  return (
    isUnmanaged || ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'ER_SERVER_SHUTDOWN'].includes(codeOf(error))
  );
}

/** The server could not be reached, or went away in the middle. */
export function isConnectionError(error: unknown): boolean {
  return CONNECTION_ERRORS.has(codeOf(error));
}
