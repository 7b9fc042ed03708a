import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from './person.ts';
import type { Row } from './report.ts';
import type { BenchSystem } from './system.ts';

const MEGABYTE = 1024 ** 2;
const SLOW_BYTES_PER_SECOND = 2 * MEGABYTE;
const SLOW_SECONDS = 12;

interface Download {
  firstByteMs: number;
  seconds: number;
  bytes: number;
}

/** Exports the whole catalogue: time to the first byte, total time, and memory of the instance. */
export async function measureExports(system: BenchSystem, person: Person): Promise<Row[]> {
  const { headers } = person;
  const fast = (extension: string) =>
    trackMemory(system, () => download(`${system.url}/products/export.${extension}`, headers));
  const xlsx = await fast('xlsx');
  const csv = await fast('csv');
  // Bypass NGINX, which would buffer the file for the slow reader.
  const [instance] = system.data.instanceUrls();
  const slow = await trackMemory(system, () => download(`${instance}/products/export.xlsx`, headers, true));
  const rowOf = (what: string, { growth, result }: typeof xlsx, limits: boolean): Row => ({
    what,
    memory: growth,
    target: limits ? 'first byte ≤ 0.5 s, ≤ 30 s, ≤ 150 MB' : '≤ 150 MB',
    // The memory figure is meaningless if the export broke off early.
    isMet:
      growth <= 150 &&
      result.bytes >= MEGABYTE / 2 &&
      (!limits || (result.firstByteMs <= 500 && result.seconds <= 30)),
    note:
      `first byte after ${Math.round(result.firstByteMs)} ms, ${(result.bytes / MEGABYTE).toFixed(1)} MB ` +
      `in ${result.seconds.toFixed(1)} s`,
  });
  return [
    rowOf('export, Excel, all products', xlsx, true),
    rowOf('export, CSV, all products', csv, true),
    rowOf(`export, Excel, ${SLOW_BYTES_PER_SECOND / MEGABYTE} MB/s, no NGINX`, slow, false),
  ];
}

async function download(url: string, headers: Record<string, string>, isSlow = false): Promise<Download> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { headers }, (response) => {
      void (async () => {
        if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`);
        let firstByteMs = 0;
        let bytes = 0;
        const seconds = () => (performance.now() - began) / 1000;
        for await (const chunk of response as AsyncIterable<Buffer>) {
          firstByteMs ||= performance.now() - began;
          bytes += chunk.length;
          if (!isSlow) continue;
          if (seconds() > SLOW_SECONDS) break;
          await sleep(Math.max(0, (bytes / SLOW_BYTES_PER_SECOND - seconds()) * 1000));
        }
        resolve({ firstByteMs, bytes, seconds: seconds() });
        request.destroy();
      })().catch(reject);
    });
    request.on('error', reject);
  });
}

/** @returns also the largest growth of any instance during `work`, in megabytes */
export async function trackMemory<T>(system: BenchSystem, work: () => Promise<T>) {
  const before = system.instanceMemory();
  let growth = 0;
  const sampling = setInterval(() => {
    const now = system.instanceMemory();
    growth = Math.max(growth, ...now.map((memory, index) => memory - before[index]!));
  }, 100);
  try {
    const result = await work();
    return { result, growth };
  } finally {
    clearInterval(sampling);
  }
}
