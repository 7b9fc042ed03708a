import { promote, PromotionError } from '../../src/database/promotion.ts';
import { SettingsError } from '../../src/config/settings.ts';
import { addressOf, readSetupConfig } from './setup-config.ts';
import { readStackConfig } from './stack-config.ts';
import { isAlive, readState } from './stack-state.ts';

const [name] = process.argv.slice(2);
try {
  if (!name) {
    throw new PromotionError('Name the replica that is to become the primary: npm run promote -- replica1');
  }
  const config = readStackConfig([]);
  const state = readState(config.varDir);
  if (!state || !isAlive(state.launcher)) throw new PromotionError('Inventario is not running: npm start');
  const [first, ...others] = state.servers;
  const servers = { PRIMARY: addressOf(first!), REPLICAS: others.map(addressOf), SEMI_SYNC: state.semiSync };
  await promote({ ...readSetupConfig(config), ...servers }, name, (line) => {
    console.log(line);
  });
} catch (error) {
  const isExpected = error instanceof PromotionError || error instanceof SettingsError;
  console.error(isExpected ? error.message : error);
  process.exit(1);
}
