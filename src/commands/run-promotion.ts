import { parseArgs } from 'node:util';
import type { PromotionConfig } from '../config/config.ts';
import { SettingsError } from '../config/settings.ts';
import { promote, PromotionError } from '../database/promotion.ts';
import { switchOver } from '../database/replication-group/switch-over.ts';

/** The command: `promote REPLICA [--accept-loss]`. Ends the process, which a suspended server would keep alive. */
export async function runPromotion(readConfig: () => PromotionConfig, example: string): Promise<never> {
  try {
    const { name, acceptLoss } = readArguments(example);
    const log = (line: string) => {
      console.log(line);
    };
    const config = readConfig();
    if (config.GROUP) await switchOver(config, name, log, { acceptLoss });
    else await promote(config, name, log, { acceptLoss });
    process.exit(0);
  } catch (error) {
    const isExpected = error instanceof PromotionError || error instanceof SettingsError;
    console.error(isExpected ? error.message : error);
    process.exit(1);
  }
}

function readArguments(example: string) {
  try {
    const { values, positionals } = parseArgs({
      options: { 'accept-loss': { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [name] = positionals;
    if (name) return { name, acceptLoss: values['accept-loss'] };
  } catch {
    // An unknown option.
  }
  throw new PromotionError(`Name the replica that is to become the primary: ${example} [--accept-loss]`);
}
