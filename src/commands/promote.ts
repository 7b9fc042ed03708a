import { readPromotionConfig } from '../config/config.ts';
import { runPromotion } from './run-promotion.ts';

await runPromotion(readPromotionConfig, 'docker compose run --rm promote db-replica');
