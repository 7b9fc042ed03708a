/** The names mysql2 gives in `error.code`; see MySQL's Server Error Message Reference. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY';
}

/** A table that is not there, or whose rights are not given yet. */
export function isUnknownTable(error: unknown): boolean {
  return ['ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR', 'ER_TABLEACCESS_DENIED_ERROR'].includes(codeOf(error));
}

/** MySQL rolled the transaction back and asks to try it again. */
export function isLockConflict(error: unknown): boolean {
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
  // A primary that is being replaced throws everybody out and takes no more writes; the next one soon will.
  'ER_SERVER_OFFLINE_MODE',
  'ER_SESSION_WAS_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_OPTION_PREVENTS_STATEMENT',
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
  // mysql2 gives no code to what is asked of a connection that is already closed.
  const isClosed = error instanceof Error && 'fatal' in error && error.fatal === true && !('code' in error);
  return isClosed || CONNECTION_ERRORS.has(codeOf(error));
}

/** The query took longer than max_execution_time. */
export function isQueryTooLong(error: unknown): boolean {
  return codeOf(error) === 'ER_QUERY_TIMEOUT';
}
