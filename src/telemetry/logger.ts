import { pino, type DestinationStream, type Logger } from 'pino';
import type { WebConfig } from '../config/config.ts';
import { LogOutput } from './log-output.ts';
import { requestContext } from './request-context.ts';

/** Redacted at the top level and two levels below. */
const SECRET_FIELDS = [
  'password',
  'current',
  'repeated',
  'password_hash',
  '_csrf',
  'token',
  'secret',
  'sessionID',
  'cookie',
  'cookies',
  'authorization',
  '["set-cookie"]',
  '["x-csrf-token"]',
];

const STDOUT = 1;

export function createLogger(
  { INSTANCE, LOG_LEVEL }: Pick<WebConfig, 'INSTANCE' | 'LOG_LEVEL'>,
  destination?: DestinationStream,
): Logger {
  const options = {
    level: LOG_LEVEL,
    base: { instance: INSTANCE },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    mixin: () => {
      const context = requestContext.getStore();
      return context ? { requestId: context.id } : {};
    },
    serializers: { err: describeError },
    redact: {
      paths: SECRET_FIELDS.flatMap((name) => [
        name,
        name.startsWith('[') ? `*${name}` : `*.${name}`,
        name.startsWith('[') ? `*.*${name}` : `*.*.${name}`,
      ]),
      censor: '[redacted]',
    },
  };
  if (destination) return pino(options, destination);
  // pino's own output retries a failed write for ever when the process ends.
  const output = new LogOutput(STDOUT, (loss) => logger.warn(loss, 'log lines lost'));
  const logger = pino(options, output);
  process.once('exit', () => output.flushSync());
  return logger;
}

/** Logs console output of libraries as JSON, without further arguments, which may hold data. */
export function logConsole(logger: Logger): void {
  const write = (first: unknown) => {
    logger.warn(first instanceof Error ? { err: first } : { text: String(first) }, 'console');
  };
  Object.assign(console, { log: write, info: write, warn: write, error: write });
}

interface ErrorDescription {
  type: string;
  message?: string;
  code?: unknown;
  errno?: unknown;
  sqlState?: unknown;
  stack?: string;
  cause?: ErrorDescription;
}

/** Listed fields only: mysql2 adds the statement with its values, MySQL's messages quote values, parsers add bodies. */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error };
  const {
    name,
    message,
    stack = '',
    code,
    errno,
    sqlState,
  } = error as NodeJS.ErrnoException & {
    sqlState?: unknown;
  };
  const isFromMysql = sqlState !== undefined || 'sql' in error;
  // Greedy, because a value may contain quotes.
  const text = isFromMysql ? message.replace(/'.*'/s, "'…'") : message;
  const afterMessage = stack.lastIndexOf(message) + message.length;
  return {
    type: name,
    message: text,
    ...(code !== undefined && { code }),
    ...(errno !== undefined && { errno }),
    ...(sqlState !== undefined && { sqlState }),
    ...(stack.includes(message) && { stack: stack.slice(afterMessage).trim() }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
