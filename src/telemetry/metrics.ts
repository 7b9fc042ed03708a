import { Counter, Histogram, Registry } from 'prom-client';

export const metrics = new Registry();
const registers = [metrics];

/** Reads by `readReplica` and `replicaForStream` only. */
export const reads = new Counter({
  name: 'inventario_reads_total',
  help: 'Reads, by the server that answered',
  labelNames: ['server'],
  registers,
});

export const readFallbacks = new Counter({
  name: 'inventario_read_fallbacks_total',
  help: 'Reads that the primary answered in place of a replica, by reason',
  labelNames: ['reason'],
  registers,
});

export const requests = new Counter({
  name: 'inventario_http_requests_total',
  help: 'Requests, by method, pattern of the route and status; 499 when the client left before an answer',
  labelNames: ['method', 'route', 'status'],
  registers,
});

export const requestDuration = new Histogram({
  name: 'inventario_http_request_duration_seconds',
  help: 'From the first byte of the request until the last of the answer',
  labelNames: ['method', 'route'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15],
  registers,
});

export const failedLogIns = new Counter({
  name: 'inventario_failed_log_ins_total',
  help: 'Attempts to log in with a wrong user name or password',
  registers,
});

export const logLinesLost = new Counter({
  name: 'inventario_log_lines_lost_total',
  help: 'Log lines that could not be written, as on a full disk',
  registers,
});
