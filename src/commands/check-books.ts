import { readDatabaseConfig } from '../config/config.ts';
import { runBookCheck } from './run-book-check.ts';

await runBookCheck(readDatabaseConfig);
