import { runBookCheck } from '../../src/commands/run-book-check.ts';
import { SettingsError } from '../../src/config/settings.ts';
import { addressOf, readSetupConfig } from './setup-config.ts';
import { readStackConfig } from './stack-config.ts';
import { isAlive, readState } from './stack-state.ts';

await runBookCheck(() => {
  const config = readStackConfig([]);
  const state = readState(config.varDir);
  if (!state || !isAlive(state.launcher)) throw new SettingsError('Inventario is not running: npm start');
  const [first, ...others] = state.servers;
  const servers = { PRIMARY: addressOf(first!), REPLICAS: others.map(addressOf), GROUP: state.group };
  return { ...readSetupConfig(config), ...servers };
});
