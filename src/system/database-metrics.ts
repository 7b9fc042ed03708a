import { Gauge } from 'prom-client';
import { isOnOneServer, type Databases } from '../database/databases.ts';
import { metrics } from '../telemetry/metrics.ts';
import { countTransactions, missingFrom, parseGtidSet } from './gtid-set.ts';

const registers = [metrics];

export function observeDatabases(databases: Databases): void {
  const servers = () => databases.directory.monitor.states();

  new Gauge({
    name: 'inventario_pool_connections',
    help: 'Connections to each server by state; "waiting" are requests for a connection',
    labelNames: ['server', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { server, inUse, idle, waiting } of databases.directory.poolUse()) {
        this.set({ server, state: 'in_use' }, inUse);
        this.set({ server, state: 'idle' }, idle);
        this.set({ server, state: 'waiting' }, waiting);
      }
    },
  });

  new Gauge({
    name: 'inventario_server_up',
    help: '1 when this instance reaches the server, by its current role',
    labelNames: ['server', 'role'],
    registers,
    collect() {
      this.reset();
      for (const { name, role, reachable } of servers()) this.set({ server: name, role }, Number(reachable));
    },
  });

  new Gauge({
    name: 'inventario_server_disk_full',
    help: '1 when writes of the server wait for space on its disk',
    labelNames: ['server'],
    registers,
    collect() {
      this.reset();
      for (const { name, isDiskFull } of servers()) this.set({ server: name }, Number(isDiskFull === true));
    },
  });

  new Gauge({
    name: 'inventario_group_size',
    help: 'Servers that the settings name for the replication group; 0 in a pair',
    registers,
    collect() {
      this.set(servers().some(({ member }) => member) ? servers().length : 0);
    },
  });

  new Gauge({
    name: 'inventario_group_reached',
    help: 'Servers of the replication group that can agree with one another; 0 in a pair',
    registers,
    collect() {
      this.set(Math.max(0, ...servers().map(({ member }) => member?.reached ?? 0)));
    },
  });

  new Gauge({
    name: 'inventario_on_one_server',
    help: '1 when the primary takes writes and no replica receives and applies them',
    registers,
    collect() {
      this.set(Number(isOnOneServer(databases)));
    },
  });

  new Gauge({
    name: 'inventario_replica_following',
    help: '1 when the replica is in use, receives from the primary and applies what it received',
    labelNames: ['server'],
    registers,
    collect() {
      this.reset();
      for (const { name, role, replication, outOfUse } of servers()) {
        if (role !== 'replica') continue;
        const isFollowing = Boolean(!outOfUse && replication?.receiving && replication.applying);
        this.set({ server: name }, Number(isFollowing));
      }
    },
  });

  new Gauge({
    name: 'inventario_replica_lag_seconds',
    help: 'Lag that the replica reports; absent while it is unknown',
    labelNames: ['server'],
    registers,
    collect() {
      this.reset();
      for (const { name, role, replication } of servers()) {
        const lag = replication?.lagSeconds;
        if (role === 'replica' && typeof lag === 'number') this.set({ server: name }, lag);
      }
    },
  });

  new Gauge({
    name: 'inventario_replica_missing_transactions',
    help: 'Transactions executed on the primary but not on the replica; absent while either is unreachable',
    labelNames: ['server'],
    registers,
    collect() {
      this.reset();
      const primary = servers().find(({ role }) => role === 'primary')?.gtidExecuted;
      for (const { name, role, gtidExecuted } of servers()) {
        if (role !== 'replica' || primary === undefined || gtidExecuted === undefined) continue;
        const missing = missingFrom(parseGtidSet(gtidExecuted), parseGtidSet(primary));
        this.set({ server: name }, countTransactions(missing));
      }
    },
  });
}
