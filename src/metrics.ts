import { Counter, Registry } from 'prom-client';

/** What this instance tells Prometheus, below /metrics. */
export const metrics = new Registry();
const registers = [metrics];

/** One count for each read of products and the like; sessions are always read on the primary. */
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
