import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULT_TEXTS } from '../../src/database/replica-faults.ts';
import type { ServerState } from '../../src/database/server-watch.ts';
import { readStackConfig } from './stack-config.ts';
import { isAlive, readState, type RecordedProcess } from './stack-state.ts';
import { describeUnwritable, findUnwritable, UNWRITABLE, writtenFolders } from './unwritable.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const { varDir } = readStackConfig([]);
const state = readState(varDir);
const running = state !== undefined && [state.launcher, ...state.processes].some(isAlive);
const { servers, onOneServer } = await fetchHealth();
const unwritable = await findUnwritable(writtenFolders(varDir, state?.servers ?? []));
const processes = await Promise.all(
  [...(state?.processes ?? []), ...stoppedServers()].map(async (recorded) => ({
    ...recorded,
    alive: recorded.pid !== undefined && isAlive(recorded),
    hangs: await hangs(recorded),
    ...replicationStatus(recorded.name),
  })),
);

if (values.json) {
  console.log(JSON.stringify({ running, url: state?.url, onOneServer, unwritable, processes }, null, 2));
} else if (!running) {
  console.log('Inventario is not running. Start it with: npm start');
} else {
  const note = isAlive(state.launcher) ? '' : ', but its launcher is gone: end it with npm stop';
  console.log(`Inventario is running on ${state.url}${note}`);
  for (const { name, pid, port, weight, alive, hangs, role, lagSeconds, outOfUse } of processes) {
    const details = [
      `port ${port}`,
      ...(pid ? [`pid ${pid}`] : []),
      ...(weight ? [`weight ${weight}`] : []),
      ...(role === 'primary' && name !== 'primary' ? ['primary'] : []),
      ...(role === 'replica' && alive ? [`lag ${lagSeconds ?? '?'} s`] : []),
      ...(outOfUse ? [`out of use: ${outOfUse}; the next start ${remedyFor(outOfUse)}`] : []),
    ];
    console.log(`  ${name.padEnd(11)} ${alive ? (hangs ? 'hung' : 'up  ') : 'down'}  ${details.join(', ')}`);
  }
  if (onOneServer) {
    console.log('WARNING: what is saved is on one server only: no replica receives it.');
  }
  if (unwritable.length > 0) console.log(`WARNING: ${describeUnwritable(unwritable)}`);
  if (unwritable.some(({ folder }) => folder === join(varDir, 'run')))
    console.log('This list may be out of date: what runs cannot be recorded.');
  console.log(`SQL on a server: npm run sql -- ${state.servers.at(-1)!.name}`);
}
process.exitCode = running ? 0 : 3;

async function hangs({ role, port }: Pick<RecordedProcess, 'role' | 'port'>): Promise<boolean> {
  if (role !== 'web') return false;
  try {
    await fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(2000) });
    return false;
  } catch {
    return true;
  }
}

function remedyFor(reason: string): string {
  return reason === UNWRITABLE ? 'tries it again' : 'clones it';
}

function stoppedServers() {
  const isRecorded = (name: string) => state?.processes.some((recorded) => recorded.name === name);
  return (state?.servers ?? [])
    .filter(({ name }) => !isRecorded(name))
    .map(({ name, port }) => ({ name, port, role: 'replica' as const, pid: undefined, weight: undefined }));
}

function replicationStatus(name: string) {
  const server = servers.find((candidate) => candidate.name === name);
  const reason =
    (server?.outOfUse && FAULT_TEXTS[server.outOfUse]) ??
    state?.servers.find((candidate) => candidate.name === name)?.outOfUse;
  return {
    ...(server && { role: server.role, lagSeconds: server.replication?.lagSeconds }),
    ...(reason && { outOfUse: reason }),
  };
}

interface Health {
  servers: ServerState[];
  onOneServer?: boolean;
}

async function fetchHealth(): Promise<Health> {
  try {
    const response = await fetch(`${state?.url}/health`, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(5000),
    });
    return (await response.json()) as Health;
  } catch {
    return { servers: [] };
  }
}
