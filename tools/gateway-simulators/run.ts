import { once } from 'node:events';
import { z } from 'zod';
import { portNumber, readSettings } from '../../src/config/settings.ts';
import { GatewaySimulators } from './gateway-simulators.ts';

const { PORT, SITE } = readSettings(z.object({ PORT: portNumber, SITE: z.url('the address of the shop') }));
const simulators = new GatewaySimulators(SITE);
await simulators.start(PORT);
console.log(`Simulated gateways on ${simulators.url}; no money moves.`);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
await simulators.stop();
