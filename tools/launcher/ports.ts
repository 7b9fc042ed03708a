import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { SettingsError } from '../../src/config/settings.ts';
import { listeners, type StackConfig } from './stack-config.ts';

export class PortTakenError extends Error {
  override name = 'PortTakenError';
}

/** @throws PortTakenError naming each taken port and the setting that moves it */
export async function checkPorts(config: StackConfig): Promise<void> {
  const taken: string[] = [];
  for (const { host, port, what, setting } of listeners(config)) {
    const problem = await findPortProblem(host, port);
    if (problem) taken.push(`Port ${port} (${what}) ${problem}. Choose another with ${setting}=NUMBER.`);
  }
  if (taken.length > 0) throw new PortTakenError(taken.join('\n'));
}

async function findPortProblem(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return 'is in use by another program';
    if (code === 'EACCES') return 'may only be opened by root';
    if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL') {
      throw new SettingsError(`HOST is "${host}"; it must be an address of this machine`);
    }
    return `cannot be opened on ${host} (${code})`;
  } finally {
    server.close();
  }
}

export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
