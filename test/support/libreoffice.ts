import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { unpackForThisMachine } from './debian-programs.ts';

const run = promisify(execFile);
const FOLDER = join(PROJECT_DIR, '.runtime/libreoffice');
const PROGRAM = 'usr/lib/libreoffice/program';
/** The exit code of a first start, which only makes the profile. */
const RESTART = 81;

/** LibreOffice from PATH, or Debian's unpacked into .runtime. */
export async function findOrInstallLibreOffice(): Promise<{ program: string; libraries?: string }> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = folders.map((folder) => join(folder, 'soffice')).find(existsSync);
  if (onPath) return { program: onPath };
  if (!existsSync(FOLDER)) await install();
  const libraries = (await readFile(join(FOLDER, 'libraries'), 'utf8')).split('\n');
  return {
    program: join(FOLDER, PROGRAM, 'soffice.bin'),
    libraries: [PROGRAM, ...libraries].map((folder) => join(FOLDER, folder)).join(delimiter),
  };
}

async function install(): Promise<void> {
  console.log(`Installing LibreOffice into ${FOLDER} ...`);
  const unfinished = `${FOLDER}.new`;
  const folders = await unpackForThisMachine(['libreoffice-calc-nogui'], unfinished);
  await writeFile(join(unfinished, 'libraries'), folders.map((name) => `usr/lib/${name}`).join('\n'));
  // Debian's settings name the folders of an installed package.
  const registry = join(unfinished, 'usr/lib/libreoffice/share/.registry');
  await cp(join(unfinished, 'etc/libreoffice/registry'), registry, { recursive: true, filter: isNoSample });
  const settings = join(unfinished, PROGRAM, 'fundamentalrc');
  const text = (await readFile(settings, 'utf8'))
    .replaceAll('file:///usr/lib/libreoffice', '${ORIGIN}/..')
    .replaceAll('file:///etc/libreoffice/registry', '${BRAND_BASE_DIR}/share/.registry');
  await writeFile(settings, text);
  await rename(unfinished, FOLDER);
}

function isNoSample(path: string): boolean {
  return !path.endsWith('.sample');
}

/** How LibreOffice in Spanish reads and writes our CSV: semicolons, quotes, UTF-8, from row 1, all cells as shown. */
const CSV = '59,34,76,1,,1034,false,true,true';

/** Opens the file in LibreOffice and saves it in another format. */
export async function saveAs(file: Buffer, from: Format, to: Format): Promise<Buffer> {
  const { program, libraries } = await findOrInstallLibreOffice();
  const folder = await mkdtemp(join(tmpdir(), 'inventario-libreoffice-'));
  try {
    const source = join(folder, `file.${from}`);
    await writeFile(source, file);
    const args = [
      `-env:UserInstallation=${pathToFileURL(join(folder, 'profile')).href}`,
      ...[
        '--headless',
        '--norestore',
        '--convert-to',
        to === 'csv' ? `csv:Text - txt - csv (StarCalc):${CSV}` : to,
      ],
      ...(from === 'csv' ? [`--infilter=CSV:${CSV}`] : []),
      ...['--outdir', join(folder, 'saved'), source],
    ];
    const env = { ...process.env, ...(libraries && { LD_LIBRARY_PATH: libraries }) };
    const start = () => run(program, args, { env });
    await start().catch((error: unknown) => {
      if ((error as { code?: number }).code !== RESTART) throw error;
      return start();
    });
    return await readFile(join(folder, `saved/file.${to}`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export type Format = 'xlsx' | 'ods' | 'csv';
