import { pino, type Logger } from 'pino';
import type { WebConfig } from '../config.ts';

export function createLogger({ INSTANCE, LOG_LEVEL }: WebConfig): Logger {
  return pino({ level: LOG_LEVEL, base: { instance: INSTANCE } });
}
