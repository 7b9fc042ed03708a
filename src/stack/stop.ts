import { setTimeout as sleep } from 'node:timers/promises';
import { readStackConfig } from './stack-config.ts';
import { isAlive, readState } from './stack-state.ts';

const state = readState(readStackConfig([]).varDir);
if (!state || !isAlive(state.launcher)) {
  console.log('Inventario is not running.');
} else {
  process.kill(state.launcher.pid, 'SIGTERM');
  while (isAlive(state.launcher)) await sleep(100);
  console.log('Inventario has stopped.');
}
