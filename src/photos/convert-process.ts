import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { WIDTHS, type ConvertedPhoto, type Rendition } from './photo.ts';

const LIMIT_MS = 20_000;
/** Private memory, of which Node reserves 575 MB and uses 40. */
const MEMORY_MB = 900;
/** V8 limits its own memory only, not that of the decoders. Systems without this limit ignore it. */
const START = 'ulimit -d "$0" 2>/dev/null; exec "$@"';

export type Conversion =
  { is: 'done'; renditions: Rendition[] } | { is: 'refused'; reason: 'tooManyPixels' | 'unreadable' };

export type ConversionResult = { is: 'done'; photo: ConvertedPhoto } | Extract<Conversion, { is: 'refused' }>;

/** One at a time on each instance: a photo takes a core and up to `MEMORY_MB`. */
const turns = pLimit(1);

/** A process for each photo: a broken decoder can reach neither the instance nor another photo. */
export function convertPhoto(file: Buffer): Promise<ConversionResult> {
  return turns(() => convert(file));
}

async function convert(file: Buffer): Promise<ConversionResult> {
  const script = fileURLToPath(new URL(`./convert-main${extname(import.meta.url)}`, import.meta.url));
  const node = [process.execPath, '--max-old-space-size=64', script];
  const child = spawn('/bin/sh', ['-c', START, String(MEMORY_MB * 1024), ...node], {
    // Not the instance's, which may hold secrets.
    env: { UV_THREADPOOL_SIZE: '1', VIPS_CONCURRENCY: '1' },
    serialization: 'advanced',
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  child.on('error', () => undefined);
  // It may end before it has read the file.
  child.stdin!.on('error', () => undefined);
  try {
    const answer = once(child, 'message') as Promise<[Conversion]>;
    const ended = once(child, 'exit').then((): [Conversion] => [{ is: 'refused', reason: 'unreadable' }]);
    child.stdin!.end(file);
    const [conversion] = await Promise.race([answer, ended]);
    return conversion.is === 'done' ? { is: 'done', photo: identified(conversion.renditions) } : conversion;
  } finally {
    child.kill('SIGKILL');
  }
}

function identified(received: Rendition[]): ConvertedPhoto {
  const renditions = received.map(({ width, data }) => ({ width, data: Buffer.from(data) }));
  const { data } = renditions.find(({ width }) => width === WIDTHS.full)!;
  return { id: createHash('sha256').update(data).digest(), renditions };
}
