import { createPool, type Pool } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2';
import type { WebConfig } from '../config.ts';
import { connectionOptions, replicaName } from './connect.ts';

const INTERVAL_MS = 1000;
/** A replica further behind than this is left out until it has caught up. */
const MAX_LAG_SECONDS = 10;

export interface ServerState {
  /** `primary`, `replica1`, ... */
  name: string;
  role: 'primary' | 'replica';
  reachable: boolean;
  /** Replication's own report; absent on the primary and on a server that does not answer. */
  replication?: { receiving: boolean; applying: boolean; lagSeconds: number | null };
}

interface Watched {
  pool: Pool;
  state: ServerState;
}

/** Asks every server once a second how it is, with an account that may do nothing else. */
export class ServerMonitor {
  readonly #servers: Watched[];
  readonly #firstRound: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(config: WebConfig) {
    const account = { user: 'inventario_monitor', password: config.MONITOR_PASSWORD };
    this.#servers = [config.PRIMARY, ...config.REPLICAS].map((server, index) => ({
      pool: createPool({ ...connectionOptions(server, account), connectionLimit: 1 }),
      state:
        index === 0
          ? { name: 'primary', role: 'primary', reachable: false }
          : { name: replicaName(index - 1), role: 'replica', reachable: false },
    }));
    this.#firstRound = this.#askAll();
  }

  states(): ServerState[] {
    return this.#servers.map(({ state }) => state);
  }

  isPrimaryReachable(): boolean {
    return this.states().some(({ role, reachable }) => role === 'primary' && reachable);
  }

  /**
   * A replica cut off from a primary that still takes writes would show the past without end; one
   * cut off because the primary is gone has the best there is.
   */
  isFitForReading(name: string): boolean {
    const state = this.states().find((server) => server.name === name);
    const replication = state?.replication;
    if (!state?.reachable || !replication?.applying) return false;
    if (!replication.receiving) return !this.isPrimaryReachable();
    return (replication.lagSeconds ?? 0) <= MAX_LAG_SECONDS;
  }

  /** The first round of questions has been answered. */
  async ready(): Promise<void> {
    await this.#firstRound;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#servers.map(({ pool }) => pool.end()));
  }

  async #askAll(): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        server.state = await ask(server);
      }),
    );
    if (!this.#closed) this.#timer = setTimeout(() => this.#askAll(), INTERVAL_MS);
  }
}

async function ask({ pool, state: { name, role } }: Watched): Promise<ServerState> {
  try {
    if (role === 'primary') {
      await pool.query({ sql: 'SELECT 1', timeout: 2000 });
      return { name, role, reachable: true };
    }
    const [rows] = await pool.query<RowDataPacket[]>({ sql: 'SHOW REPLICA STATUS', timeout: 2000 });
    const status = rows[0];
    const replication = {
      receiving: status?.Replica_IO_Running === 'Yes',
      applying: status?.Replica_SQL_Running === 'Yes',
      lagSeconds: (status?.Seconds_Behind_Source as number | null | undefined) ?? null,
    };
    return { name, role, reachable: true, replication };
  } catch {
    return { name, role, reachable: false };
  }
}
