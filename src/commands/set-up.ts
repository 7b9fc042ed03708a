import { readSetUpConfig } from './set-up-config.ts';
import { ReplicaAheadError, TwoPrimariesError } from '../database/replication.ts';
import { NoPrimaryError } from '../database/servers.ts';
import { SettingsError } from '../config/settings.ts';
import { setUp } from './set-up-servers.ts';

try {
  const oneTimePassword = await setUp(readSetUpConfig(), {
    log(line) {
      console.log(line);
    },
  });
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
