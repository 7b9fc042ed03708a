import type { Counter } from 'prom-client';
import { readFallbacks, reads, requests } from '../telemetry/metrics.ts';

const KEPT_MS = 60_000;
const NOT_COUNTED = ['/health/ready', '/metrics'];

interface Totals {
  requests: number;
  reads: Record<string, number>;
  fallbacks: Record<string, number>;
}

export interface Activity extends Totals {
  lastMinute: Totals;
}

/** `lastMinute` needs a sample every few seconds. */
export class InstanceActivity {
  readonly #samples: { at: number; totals: Totals }[] = [];

  async sample(): Promise<Activity> {
    const now = Date.now();
    const totals = {
      requests: await countRequests(),
      reads: await countBy(reads, 'server'),
      fallbacks: await countBy(readFallbacks, 'reason'),
    };
    this.#samples.push({ at: now, totals });
    while (this.#samples.length > 1 && this.#samples[1]!.at <= now - KEPT_MS) this.#samples.shift();
    const before = this.#samples[0]!.totals;
    return {
      ...totals,
      lastMinute: {
        requests: totals.requests - before.requests,
        reads: difference(totals.reads, before.reads),
        fallbacks: difference(totals.fallbacks, before.fallbacks),
      },
    };
  }
}

async function countRequests(): Promise<number> {
  const { values } = await requests.get();
  return values
    .filter(({ labels }) => !NOT_COUNTED.includes(String(labels.route)))
    .reduce((sum, { value }) => sum + value, 0);
}

async function countBy<Label extends string>(counter: Counter<Label>, label: Label) {
  const { values } = await counter.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels[label]), value]));
}

function difference(now: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(now).map(([key, value]) => [key, value - (before[key] ?? 0)]));
}
