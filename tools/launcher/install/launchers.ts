import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { findFile } from './find-file.ts';
import { CannotInstallError } from './debian-packages.ts';

/** Writes a `bin/NAME` wrapper per program: newer than the machine, they need the libraries they came with. */
export async function writeLaunchers(folder: string): Promise<void> {
  await mergeLibFolders(folder);
  const loader = await findFile(join(folder, 'usr/lib'), /^ld-linux.*\.so\.\d+$/);
  if (!loader) throw new CannotInstallError('no loader (ld-linux) for this kind of processor');
  const libraries = dirname(loader);
  const inFolder = (path: string) => `$here/${relative(folder, path)}`;
  const searchPath = [libraries, join(folder, 'usr/lib/mysql/private')].map(inFolder).join(':');

  await mkdir(join(folder, 'bin'), { recursive: true });
  for (const program of await listPrograms(folder)) {
    const script = `#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
export OPENSSL_MODULES="${inFolder(join(libraries, 'ossl-modules'))}"
${program.preamble ?? ''}
exec "${inFolder(loader)}" --library-path "${searchPath}" --argv0 "${inFolder(program.path)}" "${inFolder(program.path)}" ${program.options ?? ''} "$@"
`;
    const file = join(folder, 'bin', program.name);
    await writeFile(file, script);
    await chmod(file, 0o755);
  }
}

interface InstalledProgram {
  name: string;
  path: string;
  preamble?: string;
  options?: string;
}

async function listPrograms(folder: string): Promise<InstalledProgram[]> {
  const programs: InstalledProgram[] = [];
  const mysqld = join(folder, 'usr/sbin/mysqld');
  if (existsSync(mysqld)) {
    // --defaults-file must stay the first option, so the base folder follows it.
    const preamble = 'first=$1; [ $# = 0 ] || shift; set -- ${first:+"$first"} --basedir="$here/usr" "$@"';
    programs.push({ name: 'mysqld', path: mysqld, preamble });
  }
  for (const name of ['mysql', 'mysqladmin', 'mysqldump', 'mysqlbinlog']) {
    const path = join(folder, 'usr/bin', name);
    if (existsSync(path) && (await isElf(path))) programs.push({ name, path });
  }
  // Without -e, nginx opens the log file it was built with, which is the system's.
  const nginx = join(folder, 'usr/sbin/nginx');
  if (existsSync(nginx)) programs.push({ name: 'nginx', path: nginx, options: '-e stderr' });
  const php = await findFile(join(folder, 'usr/bin'), /^php\d+\.\d+$/);
  const extensions = await findFile(join(folder, 'usr/lib/php'), /^mysqli\.so$/);
  if (php && extensions) {
    programs.push({
      name: 'php',
      path: php,
      preamble: 'export PHP_INI_SCAN_DIR="$here/etc/php-extensions"',
      options: `-d extension_dir="$here/${relative(folder, dirname(extensions))}"`,
    });
  }
  return programs;
}

/** Older packages install into /lib, which is a link to /usr/lib on a real system. */
async function mergeLibFolders(folder: string): Promise<void> {
  const lib = join(folder, 'lib');
  if (!existsSync(lib) || (await lstat(lib)).isSymbolicLink()) return;
  for (const name of await readdir(lib)) {
    await cp(join(lib, name), join(folder, 'usr/lib', name), { recursive: true, verbatimSymlinks: true });
  }
}

async function isElf(path: string): Promise<boolean> {
  return (await readFile(path)).subarray(1, 4).toString() === 'ELF';
}
