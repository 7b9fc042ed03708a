import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CannotInstallError, unpackDebianPackages } from './debian-packages.ts';
import { preparePhpMyAdmin } from './phpmyadmin-files.ts';
import { writeLaunchers } from './launchers.ts';
import type { Progress } from '../progress.js';

const run = promisify(execFile);
const SUITE = 'sid';

interface ProgramBundle {
  title: string;
  program: string;
  /** Without it, the machine's own program is not used. */
  isUsable?: (versionText: string) => boolean;
  versionOption: string;
  packages: readonly string[];
  prepare?: (folder: string) => Promise<void>;
  advice: string;
}

const MYSQL: ProgramBundle = {
  title: 'MySQL',
  program: 'mysqld',
  versionOption: '--version',
  isUsable: (text) => !/mariadb/i.test(text) && isAtLeast(text, /Ver (\d+)\.(\d+)/, [8, 4]),
  packages: ['mysql-server-core', 'mysql-client-core'],
  advice: `MySQL 8.4 or later (mysqld on PATH)
    Ubuntu: add MySQL's own APT repository (MySQL's manual: Installing on Linux), then: sudo apt install mysql-server
    macOS:  brew install mysql`,
};

const NGINX: ProgramBundle = {
  title: 'NGINX',
  program: 'nginx',
  versionOption: '-v',
  isUsable: (text) => isAtLeast(text, /nginx\/(\d+)\.(\d+)/, [1, 22]),
  packages: ['nginx'],
  advice: `NGINX 1.22 or later (nginx on PATH)
    Ubuntu: sudo apt install nginx
    macOS:  brew install nginx`,
};

const PHPMYADMIN: ProgramBundle = {
  title: 'phpMyAdmin',
  program: 'php',
  versionOption: '--version',
  // dbconfig-no-thanks replaces dbconfig-common, whose scripts do not run here.
  packages: [
    ...['php-cli', 'php-mysql', 'php-mbstring', 'php-xml', 'php-zip', 'php-gd', 'php-curl', 'php-bz2'],
    ...['php-intl', 'dbconfig-no-thanks', 'phpmyadmin'],
  ],
  prepare: preparePhpMyAdmin,
  advice: 'phpMyAdmin: npm start installs it on Debian only',
};

export interface Programs {
  mysqld: string;
  /** MySQL's, such as "9.7". */
  mysqlVersion: string;
  nginx: string;
  /** `phpMyAdmin` is its document root. */
  php?: { command: string; phpMyAdmin: string };
}

export class MissingProgramsError extends Error {
  override name = 'MissingProgramsError';
}

/** @throws MissingProgramsError naming each missing program and how to get it */
export async function findOrInstallPrograms(
  runtimeDir: string,
  wanted: { phpMyAdmin: boolean },
  progress: Progress,
): Promise<Programs> {
  const missing: string[] = [];
  const find = async (bundle: ProgramBundle) => {
    try {
      return (await findOnPath(bundle)) ?? (await install(bundle, runtimeDir, progress));
    } catch (error) {
      if (!(error instanceof CannotInstallError)) throw error;
      missing.push(`  ${bundle.advice}\n    (not installed by npm start: ${error.message})`);
      return '';
    }
  };
  const mysqld = await find(MYSQL);
  const nginx = await find(NGINX);
  const php = wanted.phpMyAdmin ? await find(PHPMYADMIN) : '';
  if (missing.length > 0) {
    throw new MissingProgramsError(
      `Missing on this machine:\n${missing.join('\n')}\n` +
        'With Docker there is nothing to install: docker compose up --build -d --wait',
    );
  }
  const mysqlVersion = /Ver (\d+\.\d+)/.exec((await askVersion(mysqld, MYSQL)) ?? '')?.[1] ?? '';
  const phpMyAdmin = join(runtimeDir, 'phpmyadmin/usr/share/phpmyadmin');
  return { mysqld, mysqlVersion, nginx, ...(php && { php: { command: php, phpMyAdmin } }) };
}

async function findOnPath(bundle: ProgramBundle): Promise<string | undefined> {
  const { program, isUsable } = bundle;
  if (!isUsable) return undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder, program);
    if (!isExecutable(path)) continue;
    if (isUsable((await askVersion(path, bundle)) ?? '')) return path;
  }
  return undefined;
}

async function askVersion(path: string, { versionOption }: ProgramBundle): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(path, [versionOption]);
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

/** Unpacks beside the final folder and renames, so an interrupted install is never used. */
async function install(bundle: ProgramBundle, runtimeDir: string, progress: Progress) {
  const folder = join(runtimeDir, bundle.title.toLowerCase());
  const program = join(folder, 'bin', bundle.program);
  const stamp = join(folder, 'installed.json');
  // Includes the path, which is written into some of the files.
  const recipe = JSON.stringify({ packages: bundle.packages, folder });
  if (existsSync(program) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === recipe) {
    if ((await askVersion(program, bundle)) !== undefined) return program;
    progress.log(`${bundle.title} in ${folder} does not run: files are missing or damaged.`);
  }

  progress.log(`Installing ${bundle.title} into ${folder} ...`);
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await unpackDebianPackages({
    packages: bundle.packages,
    suite: SUITE,
    onTopOfMachine: false,
    into: unfinished,
    onProgress: (detail) => (progress.detail = `${bundle.title}: ${detail}`),
  });
  await bundle.prepare?.(unfinished);
  await writeLaunchers(unfinished);
  await run(join(unfinished, 'bin', bundle.program), [bundle.versionOption]).catch((error: unknown) => {
    throw new CannotInstallError(`${bundle.program} does not run here: ${String(error)}`);
  });
  await writeFile(join(unfinished, 'installed.json'), recipe);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return program;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isAtLeast(text: string, pattern: RegExp, [major, minor]: readonly [number, number]): boolean {
  const found = pattern.exec(text)?.slice(1).map(Number);
  if (!found) return false;
  const [foundMajor = 0, foundMinor = 0] = found;
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
