/** The names mysql2 gives in `error.code`; see MySQL's Server Error Message Reference. */
function codeOf(error: unknown): string {
  return Error.isError(error) && 'code' in error ? String(error.code) : '';
}

export function isDuplicateKey(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY';
}

export function isDuplicateIn(error: unknown, table: string): boolean {
  return isDuplicateKey(error) && (error as Error).message.includes(` for key '${table}.`);
}

export function isReferenced(error: unknown): boolean {
  return codeOf(error) === 'ER_ROW_IS_REFERENCED_2';
}

/** Missing, or its grants are not in place yet. */
export function isUnknownTable(error: unknown): boolean {
  return ['ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR', 'ER_TABLEACCESS_DENIED_ERROR'].includes(codeOf(error));
}

/** MySQL expects the client to retry. */
export function isLockConflict(error: unknown): boolean {
  const codes = ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT'];
  return codes.includes(codeOf(error));
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
  // A primary that is being replaced drops all connections and refuses writes.
  'ER_SERVER_OFFLINE_MODE',
  'ER_SESSION_WAS_KILLED',
  'ER_QUERY_INTERRUPTED',
  'ER_OPTION_PREVENTS_STATEMENT',
  // A member of a replication group that is leaving it, or has no majority.
  'ER_RUN_HOOK_ERROR',
  'ER_GRP_TRX_CONSISTENCY_NOT_ALLOWED',
  'ER_GRP_TRX_CONSISTENCY_BEFORE',
  'ER_OPERATION_NOT_ALLOWED_WHILE_PRIMARY_CHANGE_IS_RUNNING',
]);

export function isRestarting(error: unknown): boolean {
  // 3707: no supervisor is known to restart the server. Docker does so anyway.
  const isUnmanaged = Error.isError(error) && 'errno' in error && error.errno === 3707;
  return (
    isUnmanaged || ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'ER_SERVER_SHUTDOWN'].includes(codeOf(error))
  );
}

export function isConnectionError(error: unknown): boolean {
  // mysql2 sets no code on a query sent over a closed connection.
  const isClosed = Error.isError(error) && 'fatal' in error && error.fatal === true && !('code' in error);
  return isClosed || CONNECTION_ERRORS.has(codeOf(error));
}

export function isAccessDenied(error: unknown): boolean {
  return codeOf(error) === 'ER_ACCESS_DENIED_ERROR';
}

export function isDamaged(error: unknown): boolean {
  const codes = ['ER_TABLE_CORRUPT', 'ER_INDEX_CORRUPT', 'ER_NOT_KEYFILE', 'ER_CRASHED_ON_USAGE'];
  return [...codes, 'ER_GET_ERRNO', 'ER_ERROR_ON_READ', 'ER_TABLESPACE_MISSING'].includes(codeOf(error));
}

export function isQueryTooLong(error: unknown): boolean {
  return codeOf(error) === 'ER_QUERY_TIMEOUT';
}

const DISK_ERRORS = new Set([
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_ERROR_ON_WRITE',
  // It cannot begin a new file, and is about to end.
  'ER_BINLOG_LOGGING_IMPOSSIBLE',
  'ER_TEMP_FILE_WRITE_FAILURE',
]);

export function isDiskError(error: unknown): boolean {
  // Errors of a storage engine quote the system's.
  const isQuoted =
    Error.isError(error) && /No space left on device|Read-only file system/.test(error.message);
  return isQuoted || DISK_ERRORS.has(codeOf(error));
}
