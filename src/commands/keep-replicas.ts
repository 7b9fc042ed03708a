import { readPromotionConfig } from '../config/config.ts';
import { SettingsError } from '../config/settings.ts';
import { keepReplicas } from '../database/keep-replicas.ts';
import { keepGroup } from '../database/replication-group/keep-group.ts';

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());
try {
  const log = (line: string) => {
    console.log(line);
  };
  const config = readPromotionConfig();
  const keep = config.GROUP ? keepGroup : keepReplicas;
  await keep(config, { log, signal: stopping.signal });
  process.exit(0);
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exit(1);
}
