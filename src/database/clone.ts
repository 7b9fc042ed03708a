import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ServerAddress } from '../config/config.ts';
import type { Account } from './connect.ts';
import { isRestarting } from './mysql-errors.ts';
import { connectForSetup } from './setup-connection.ts';

export interface CloneSetup {
  /** As the replica and this process reach it. */
  primary: ServerAddress;
  replica: ServerAddress;
  root: Account;
  replicator: Account;
  signal?: AbortSignal;
}

/** Replaces the data of `replica` by a copy of the primary's. @returns a connection to the restarted server */
export async function cloneServer(setup: CloneSetup): Promise<Connection> {
  const { primary, root, replicator, signal } = setup;
  const donor = `${primary.host}:${primary.port}`;
  const replica = await connectForSetup(setup.replica, root, { signal });
  try {
    await replica.query('STOP REPLICA; SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF');
    await replica.query('SET GLOBAL clone_valid_donor_list = ?', [donor]);
    await replica.query(
      'CLONE INSTANCE FROM ?@?:? IDENTIFIED BY ? REQUIRE SSL',
      // CLONE takes the host and the user as strings, the port as a number.
      [replicator.user, primary.host, primary.port, replicator.password],
    );
  } catch (error) {
    // The server restarts on the cloned data and drops this connection.
    if (!isRestarting(error)) throw error;
  } finally {
    replica.destroy();
  }
  return connectAfterRestart(setup);
}

/** The old process may still answer before it ends, so wait for the clone's own status. */
async function connectAfterRestart({ replica, root, signal }: CloneSetup): Promise<Connection> {
  for (let attempt = 0; attempt < 600; attempt++) {
    await sleep(200);
    const connection = await connectForSetup(replica, root, { signal });
    try {
      const [[clone]] = await connection.query<RowDataPacket[]>(
        'SELECT state FROM performance_schema.clone_status',
      );
      if (clone?.state === 'Completed') return connection;
      if (clone?.state === 'Failed')
        throw new Error('Cloning the primary failed; see the log of the replica');
    } catch (error) {
      if (!isRestarting(error)) throw error;
    }
    connection.destroy();
  }
  throw new Error('The replica did not restart after cloning the primary');
}
