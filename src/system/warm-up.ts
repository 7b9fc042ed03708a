import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

const AT_ONCE = 10;
const ROUNDS = 40;
const LIMIT_MS = 1500;

interface FirstWork {
  paths: string[];
  queries: (() => Promise<unknown>)[];
}

/** Lets V8 compile what first visitors need, and opens connections, in at most 1.5 s. Neither logged nor counted. */
export async function warmUp(app: Express, { paths, queries }: FirstWork): Promise<void> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const work = [...paths.map((path) => () => request(agent, port, path)), ...queries];
  const isOver = AbortSignal.timeout(LIMIT_MS);
  const rounds = async () => {
    for (let round = 0; round < ROUNDS && !isOver.aborted; round++) {
      // A failure here will show again, and be reported, in a real request.
      await Promise.allSettled(work.flatMap((one) => Array.from({ length: AT_ONCE }, one)));
    }
  };
  app.locals.isWarmingUp = true;
  // A database that hangs must not hold up the start.
  await Promise.race([rounds(), once(isOver, 'abort')]);
  agent.destroy();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  delete app.locals.isWarmingUp;
}

function request(agent: Agent, port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ agent, host: '127.0.0.1', port, path }, (response) => {
      response.resume().on('end', resolve).on('error', reject);
    }).on('error', reject);
  });
}
