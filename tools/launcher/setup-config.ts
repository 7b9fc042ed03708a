import { readFileSync } from 'node:fs';
import type { SetUpConfig } from '../../src/commands/set-up-config.ts';
import type { ServerAddress } from '../../src/config/config.ts';
import { secretFile, type SecretName } from '../../src/config/secrets.ts';
import type { StackConfig } from './stack-config.ts';

export function addressOf({ port }: { port: number }): ServerAddress {
  return { host: '127.0.0.1', port };
}

export function readSetupConfig(config: StackConfig): SetUpConfig {
  const secret = (name: SecretName) => readFileSync(secretFile(config.secretsDir, name), 'utf8');
  return {
    PRIMARY: addressOf(config.primary),
    REPLICAS: config.replicas.map(addressOf),
    GROUP: config.group,
    DEMO: config.demo,
    CURRENCY: config.currency,
    SEMI_SYNC: config.semiSync,
    ADMIN_PASSWORD: undefined,
    ROOT_PASSWORD: secret('ROOT_PASSWORD'),
    MIGRATOR_PASSWORD: secret('MIGRATOR_PASSWORD'),
    APP_PASSWORD: secret('APP_PASSWORD'),
    REPLICATOR_PASSWORD: secret('REPLICATOR_PASSWORD'),
    MONITOR_PASSWORD: secret('MONITOR_PASSWORD'),
  };
}
