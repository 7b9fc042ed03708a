import { setTimeout as sleep } from 'node:timers/promises';
import { readStackConfig } from './stack-config.ts';
import { isAlive, readState, removeState, stopLeftovers } from './stack-state.ts';

const { varDir } = readStackConfig([]);
const state = readState(varDir);
if (!state) {
  console.log('Inventario is not running.');
} else {
  if (isAlive(state.launcher)) process.kill(state.launcher.pid, 'SIGTERM');
  while (isAlive(state.launcher)) await sleep(100);
  // A killed launcher leaves its processes running.
  await stopLeftovers(state, console.log);
  removeState(varDir);
  console.log('Inventario has stopped.');
}
