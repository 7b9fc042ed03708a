import { runPromotion } from '../../src/commands/run-promotion.ts';
import { PromotionError } from '../../src/database/promotion.ts';
import { addressOf, readSetupConfig } from './setup-config.ts';
import { readStackConfig } from './stack-config.ts';
import { isAlive, readState } from './stack-state.ts';

await runPromotion(() => {
  const config = readStackConfig([]);
  const state = readState(config.varDir);
  if (!state || !isAlive(state.launcher)) throw new PromotionError('Inventario is not running: npm start');
  const [first, ...others] = state.servers;
  return {
    ...readSetupConfig(config),
    PRIMARY: addressOf(first!),
    REPLICAS: others.map(addressOf),
    GROUP: state.group,
    SEMI_SYNC: state.semiSync,
  };
}, 'npm run promote -- replica1');
