import { readSetUpConfig } from './set-up-config.ts';
import { ReplicaAheadError, TwoPrimariesError } from '../database/replication.ts';
import { NoPrimaryError } from '../database/servers.ts';
import { SettingsError } from '../config/settings.ts';
import { setUpGroup } from './set-up-group.ts';
import { setUp } from './set-up-servers.ts';

try {
  const config = readSetUpConfig();
  const log = (line: string) => {
    console.log(line);
  };
  const oneTimePassword = config.GROUP
    ? await setUpGroup(config, { log, signal: new AbortController().signal })
    : await setUp(config, { log });
  if (oneTimePassword) {
    console.log(`\nLog in as: admin\nPassword:  ${oneTimePassword}\n`);
    console.log('This password is temporary: you choose your own when you log in. It is not shown again.\n');
  }
  console.log('The servers are ready.');
} catch (error) {
  const isExpected = [SettingsError, NoPrimaryError, ReplicaAheadError, TwoPrimariesError].some(
    (type) => error instanceof type,
  );
  console.error(isExpected ? (error as Error).message : error);
  process.exit(1);
}
