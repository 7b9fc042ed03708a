import { randomBytes } from 'node:crypto';
import type { WebConfig } from '../../src/config/config.ts';
import { databaseConfig } from './open-databases.ts';

/** The configuration of an instance, for parts that run inside the test process. */
export async function webConfig(): Promise<WebConfig> {
  return {
    ...(await databaseConfig()),
    INSTANCE: 'test',
    HOST: '127.0.0.1',
    PORT: 1,
    SESSION_SECRET: randomBytes(24).toString('hex'),
    SESSION_IDLE_MINUTES: 30,
    SESSION_MAX_HOURS: 12,
    TZ_DEFAULT: 'UTC',
    TRASH_DAYS: 30,
    SHOP: true,
    CURRENCY: { code: 'USD', decimals: 2 },
    TRUST_PROXY: 0,
    DEMO: false,
    COUNT_RESTARTS: false,
    LOG_LEVEL: 'silent',
  };
}
