import {
  createConnection,
  type Connection,
  type ConnectionOptions,
  type RowDataPacket,
} from 'mysql2/promise';
import type { WebConfig } from '../config.ts';
import { connectionOptions, replicaName } from './connect.ts';
import { withTimeLimit } from './time-limit.ts';

const INTERVAL_MS = 1000;
const ANSWER_LIMIT_MS = 2000;
/** A replica further behind than this is left out until it has caught up. */
const MAX_LAG_SECONDS = 10;

export interface ServerState {
  /** `primary`, `replica1`, ... */
  name: string;
  role: 'primary' | 'replica';
  reachable: boolean;
  /** As the server names itself, such as `9.7.4`; absent on one that does not answer. */
  version?: string;
  /** The transactions that it has executed. */
  gtidExecuted?: string;
  /** How often the primary had been replaced when it last heard of it: the highest is the primary. */
  term?: number;
  /** On the primary: whether a commit waits for a replica, and how many can confirm one. */
  semiSync?: { enabled: boolean; replicas: number };
  /** Replication's own report; absent on the primary and on a server that does not answer. */
  replication?: { receiving: boolean; applying: boolean; lagSeconds: number | null };
}

/** Asks every server once a second how it is, with an account that may do nothing else. */
export class ServerMonitor {
  readonly #watches: ServerWatch[];

  constructor(config: WebConfig) {
    const account = { user: 'inventario_monitor', password: config.MONITOR_PASSWORD };
    this.#watches = [config.PRIMARY, ...config.REPLICAS].map((server, index) => {
      const role = index === 0 ? 'primary' : 'replica';
      const name = role === 'primary' ? 'primary' : replicaName(index - 1);
      return new ServerWatch(name, role, connectionOptions(server, account));
    });
  }

  states(): ServerState[] {
    return this.#watches.map(({ state }) => state);
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

  /** Every server has been asked once. */
  async ready(): Promise<void> {
    await Promise.all(this.#watches.map(({ firstAnswer }) => firstAnswer));
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }
}

/** One server's connection and last known state. A server that hangs keeps no other from being asked. */
class ServerWatch {
  state: ServerState;
  readonly firstAnswer: Promise<void>;
  readonly #options: ConnectionOptions;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(name: string, role: ServerState['role'], options: ConnectionOptions) {
    this.state = { name, role, reachable: false };
    this.#options = options;
    this.firstAnswer = this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connection?.destroy();
  }

  async #ask(): Promise<void> {
    const { name, role } = this.state;
    try {
      const replication = await withTimeLimit(this.#question(), ANSWER_LIMIT_MS);
      this.state = { name, role, reachable: true, ...(replication && { replication }) };
    } catch {
      this.#connection?.destroy();
      this.#connection = undefined;
      this.state = { name, role, reachable: false };
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#ask(), INTERVAL_MS);
  }

  async #question(): Promise<ServerState['replication']> {
    if (!this.#connection) {
      this.#connection = await createConnection(this.#options);
      // Nobody waits for an answer when a connection breaks between two questions.
      this.#connection.on('error', () => undefined);
    }
    if (this.state.role === 'primary') {
      await this.#connection.query('SELECT 1');
      return undefined;
    }
    const [[status]] = await this.#connection.query<RowDataPacket[]>('SHOW REPLICA STATUS');
    return {
      receiving: status?.Replica_IO_Running === 'Yes',
      applying: status?.Replica_SQL_Running === 'Yes',
      lagSeconds: (status?.Seconds_Behind_Source as number | null | undefined) ?? null,
    };
  }
}
