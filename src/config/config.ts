import { z } from 'zod';
import { machineTimeZone } from '../locales/dates.ts';
import { alertSettings, needPairs } from './alerts.ts';
import { currencySettings } from './currency.ts';
import { gatewaySettings, needWholeGateways } from './gateways.ts';
import { onOff, portNumber, readSettings, secret, timeZone, wholeNumber } from './settings.ts';

export interface ServerAddress {
  host: string;
  port: number;
}

const serverAddress = z
  .string('host:port')
  .regex(/^[^\s:,]+:\d+$/, 'host:port')
  .transform((text): ServerAddress => {
    const [host = '', port = ''] = text.split(':');
    return { host, port: Number(port) };
  });

const serverList = z
  .string('host:port, several separated by commas')
  .transform((text) => text.split(',').map((item) => item.trim()))
  .pipe(z.array(serverAddress));

const databaseSettings = {
  PRIMARY: serverAddress,
  REPLICAS: serverList,
  /** The servers form a replication group, which elects its primary: `PRIMARY` is then one of them. */
  GROUP: onOff.default(false),
  APP_PASSWORD: secret,
  MONITOR_PASSWORD: secret,
};

export const sessionSettings = {
  SESSION_IDLE_MINUTES: wholeNumber(1, 1440).default(30),
  SESSION_MAX_HOURS: wholeNumber(1, 168).default(12),
};

export const timeSettings = { TZ_DEFAULT: timeZone.default(machineTimeZone) };

export const trashSettings = { TRASH_DAYS: wholeNumber(1, 3650).default(30) };

/** Whether the addresses of the shop answer. */
export const shopSettings = { SHOP: onOff.default(false) };

const webSettings = z.object({
  ...databaseSettings,
  ...sessionSettings,
  ...timeSettings,
  ...trashSettings,
  ...shopSettings,
  ...currencySettings,
  ...alertSettings,
  ...gatewaySettings,
  INSTANCE: z.string('a name, such as web1').regex(/^[\w.-]{1,40}$/, 'a name, such as web1'),
  HOST: z.string().default('127.0.0.1'),
  PORT: portNumber.default(3000),
  SESSION_SECRET: secret,
  TRUST_PROXY: wholeNumber(0, 10).default(1),
  /** NGINX's weight for this instance; for display only. */
  WEIGHT: wholeNumber(1, 1000).optional(),
  DEMO: onOff.default(false),
  /** Off under the launcher, which knows a crash from an ordinary restart of a replica. */
  COUNT_RESTARTS: onOff.default(true),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'debug, info, warn, error or silent')
    .default('info'),
});

export type WebConfig = z.output<typeof webSettings>;

export type DatabaseConfig = Pick<WebConfig, keyof typeof databaseSettings>;

export function readWebConfig(): WebConfig {
  return readSettings(webSettings.superRefine(needPairs).superRefine(needWholeGateways));
}

export function readDatabaseConfig(): DatabaseConfig {
  return readSettings(z.object(databaseSettings));
}

export const serverSettings = {
  ...databaseSettings,
  ROOT_PASSWORD: secret,
  MIGRATOR_PASSWORD: secret,
  REPLICATOR_PASSWORD: secret,
  DEMO: onOff.default(false),
  SEMI_SYNC: onOff.default(false),
};

const promotionSettings = z.object(serverSettings).pick({
  PRIMARY: true,
  REPLICAS: true,
  GROUP: true,
  ROOT_PASSWORD: true,
  REPLICATOR_PASSWORD: true,
  SEMI_SYNC: true,
});

export type PromotionConfig = z.output<typeof promotionSettings>;

export function readPromotionConfig(): PromotionConfig {
  return readSettings(promotionSettings);
}
