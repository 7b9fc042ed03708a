import { readPromotionConfig } from '../config/config.ts';
import { promote, PromotionError } from '../database/promotion.ts';
import { SettingsError } from '../config/settings.ts';

const [name] = process.argv.slice(2);
try {
  if (!name) throw new PromotionError('Name the replica that is to become the primary, such as db-replica');
  await promote(readPromotionConfig(), name, (line) => {
    console.log(line);
  });
} catch (error) {
  const isExpected = error instanceof PromotionError || error instanceof SettingsError;
  console.error(isExpected ? error.message : error);
  process.exit(1);
}
