import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ALERT_SETTINGS, alertSettings, needPairs, type AlertSettings } from '../../src/config/alerts.ts';
import { sessionSettings, timeSettings, trashSettings } from '../../src/config/config.ts';
import { currencySettings } from '../../src/config/currency.ts';
import { GATEWAY_SETTINGS, gatewaySettings, needWholeGateways } from '../../src/config/gateways.ts';
import { serverName } from '../../src/database/connect.ts';
import type { Currency } from '../../src/locales/money.ts';
import { simulatorSettings } from '../gateway-simulators/keys.ts';
import { onOff, portNumber, readSettings, SettingsError, wholeNumber } from '../../src/config/settings.ts';

export const PROJECT_DIR = fileURLToPath(new URL('../../', import.meta.url));
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
/** Of web1 to web3; further instances have weight 1. */
const WEIGHTS = [3, 2, 1];

const settings = z.object({
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'the address or the name of a network interface of this machine')
    .default('127.0.0.1'),
  PORT: portNumber.default(8080),
  PHPMYADMIN_PORT: portNumber.optional(),
  WEB_PORT: portNumber.optional(),
  MYSQL_PORT: portNumber.optional(),
  VAR_DIR: z.string().default('var'),
  RUNTIME_DIR: z.string().default('.runtime'),
  SEMI_SYNC: onOff.default(false),
  ...sessionSettings,
  ...timeSettings,
  ...trashSettings,
  SHOP: onOff.optional(),
  ...currencySettings,
  ...alertSettings,
  ...gatewaySettings,
  SIMULATOR_PORT: portNumber.optional(),
});

export const STACK_SETTINGS = Object.keys(settings.shape);

export interface WebInstance {
  name: string;
  port: number;
  weight: number;
}

export interface DatabaseServer {
  name: string;
  /** Of its data, in VAR_DIR/mysql: the same whether the servers are a pair or a group. */
  folder: string;
  port: number;
  serverId: number;
}

export interface StackConfig {
  /** For NGINX; everything else listens on loopback. */
  host: string;
  port: number;
  phpMyAdminPort: number | undefined;
  varDir: string;
  secretsDir: string;
  runtimeDir: string;
  /** Creates admin / admin123 and sample products; only when NGINX listens on loopback, and not with own data. */
  demo: boolean;
  /** Written by a start without the demonstration; from then on this VAR_DIR never has it. */
  ownDataMarker: string;
  semiSync: boolean;
  sessionIdleMinutes: number;
  sessionMaxHours: number;
  timeZone: string;
  trashDays: number;
  /** On with the demonstration, unless the setting says otherwise. */
  shop: boolean;
  currency: Currency;
  alerts: AlertSettings;
  /** Of simulated gateways (--shop-demo). */
  simulatorPort: number | undefined;
  /** Settings of gateways, as the instances read them. */
  gateways: Record<string, string>;
  web: WebInstance[];
  /** The servers elect their primary: `primary` is then one of them. */
  group: boolean;
  primary: DatabaseServer;
  replicas: DatabaseServer[];
}

/** @throws SettingsError naming the setting or option and what it accepts */
export function readStackConfig(argv: string[], environment = process.env): StackConfig {
  const values = readSettings(settings.superRefine(needPairs).superRefine(needWholeGateways), environment);
  const options = readOptions(argv);
  const webPort = values.WEB_PORT ?? values.PORT + 11;
  const mysqlPort = values.MYSQL_PORT ?? values.PORT + 21;
  const phpMyAdminPort = values.PHPMYADMIN_PORT ?? values.PORT + 1;
  const web = Array.from({ length: options.web }, (_, index) => ({
    name: `web${index + 1}`,
    port: webPort + index,
    weight: WEIGHTS[index] ?? 1,
  }));
  const varDir = resolve(PROJECT_DIR, values.VAR_DIR);
  const ownDataMarker = join(varDir, 'own-data');
  const demo = LOOPBACK.includes(values.HOST) && !options.empty && !existsSync(ownDataMarker);
  if (options.shopDemo) checkShopDemo(values, demo);
  const simulatorPort = options.shopDemo ? (values.SIMULATOR_PORT ?? values.PORT + 2) : undefined;
  const databaseServer = (index: number): DatabaseServer => ({
    name: serverName(index, { isGroup: options.group }),
    folder: serverName(index, { isGroup: false }),
    port: mysqlPort + index,
    serverId: index + 1,
  });
  const config: StackConfig = {
    host: values.HOST,
    port: values.PORT,
    phpMyAdminPort: options.phpmyadmin ? phpMyAdminPort : undefined,
    varDir,
    secretsDir: join(varDir, 'secrets'),
    runtimeDir: resolve(PROJECT_DIR, values.RUNTIME_DIR),
    demo,
    ownDataMarker,
    semiSync: values.SEMI_SYNC,
    sessionIdleMinutes: values.SESSION_IDLE_MINUTES,
    sessionMaxHours: values.SESSION_MAX_HOURS,
    timeZone: values.TZ_DEFAULT,
    trashDays: values.TRASH_DAYS,
    shop: options.shopDemo || (values.SHOP ?? demo),
    currency: values.CURRENCY,
    alerts: Object.fromEntries(ALERT_SETTINGS.map((name) => [name, values[name]])),
    simulatorPort,
    gateways: simulatorPort
      ? simulatorSettings(`http://127.0.0.1:${simulatorPort}`, values.CURRENCY.code)
      : givenGateways(values),
    web,
    group: options.group,
    primary: databaseServer(0),
    replicas: Array.from({ length: options.replicas }, (_, index) => databaseServer(index + 1)),
  };
  checkPortNumbers(config);
  return config;
}

type Given = Partial<Record<(typeof GATEWAY_SETTINGS)[number], string | boolean | undefined>>;

function givenGateways(values: Given): Record<string, string> {
  const given = GATEWAY_SETTINGS.filter((name) => values[name] !== undefined);
  const text = (value: string | boolean) => (typeof value === 'string' ? value : value ? 'on' : 'off');
  return Object.fromEntries(given.map((name) => [name, text(values[name]!)]));
}

/** The keys of the simulators are known to everyone. */
function checkShopDemo(values: Given, demo: boolean): void {
  const own = GATEWAY_SETTINGS.find((name) => values[name] !== undefined);
  if (own) throw new SettingsError(`${own} is set; with --shop-demo it must not be set`);
  if (!demo)
    throw new SettingsError(
      '--shop-demo is for the demonstration on this machine: not with --empty, data of your own, or another HOST',
    );
}

export function listeners({
  host,
  port,
  phpMyAdminPort,
  simulatorPort,
  web,
  primary,
  replicas,
}: StackConfig) {
  const loopback = '127.0.0.1';
  return [
    { what: 'NGINX', host, port, setting: 'PORT' },
    ...(phpMyAdminPort
      ? [{ what: 'phpMyAdmin', host: loopback, port: phpMyAdminPort, setting: 'PHPMYADMIN_PORT' }]
      : []),
    ...(simulatorPort
      ? [{ what: 'simulated gateways', host: loopback, port: simulatorPort, setting: 'SIMULATOR_PORT' }]
      : []),
    ...web.map(({ name, port }) => ({ what: name, host: loopback, port, setting: 'WEB_PORT' })),
    ...[primary, ...replicas].map(({ name, port }) => ({
      what: `MySQL ${name}`,
      host: loopback,
      port,
      setting: 'MYSQL_PORT',
    })),
  ];
}

/** @throws SettingsError when a port exceeds 65535 or is used twice */
function checkPortNumbers(config: StackConfig): void {
  const taken = new Map<number, string>();
  for (const { what, port, setting } of listeners(config)) {
    const other = taken.get(port);
    const problem = port > 65535 ? 'is beyond the last port, 65535' : other && `is the port of ${other} too`;
    if (problem)
      throw new SettingsError(`Port ${port} (${what}) ${problem}; set PORT or ${setting} to another`);
    taken.set(port, what);
  }
}

function readOptions(argv: string[]) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        web: { type: 'string', default: '3' },
        replicas: { type: 'string' },
        group: { type: 'boolean', default: false },
        phpmyadmin: { type: 'boolean', default: false },
        empty: { type: 'boolean', default: false },
        'shop-demo': { type: 'boolean', default: false },
      },
    });
    const count = z.object({ '--web': wholeNumber(1, 9), '--replicas': wholeNumber(1, 9) });
    const { phpmyadmin, empty, group, 'shop-demo': shopDemo } = values;
    const replicas = values.replicas ?? (group ? '2' : '1');
    const counts = readSettings(count, { '--web': values.web, '--replicas': replicas });
    if (group && ![2, 4].includes(counts['--replicas'])) {
      throw new SettingsError(
        '--group needs three or five servers: --replicas 2 (the default) or --replicas 4',
      );
    }
    return { web: counts['--web'], replicas: counts['--replicas'], phpmyadmin, empty, group, shopDemo };
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new SettingsError(
      `${(error as Error).message}\nOptions: --web NUMBER, --replicas NUMBER, --group, --phpmyadmin, --empty, --shop-demo`,
    );
  }
}
