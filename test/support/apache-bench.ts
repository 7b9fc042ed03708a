import { existsSync } from 'node:fs';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { unpackForThisMachine } from './debian-programs.ts';

const FOLDER = join(PROJECT_DIR, '.runtime/apache-bench');

/** The folder of `ab` on PATH, or of Debian's unpacked into .runtime. */
export async function findOrInstallApacheBench(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = folders.find((folder) => existsSync(join(folder, 'ab')));
  if (onPath) return onPath;
  const bin = join(FOLDER, 'bin');
  if (!existsSync(join(bin, 'ab'))) await install();
  return bin;
}

async function install(): Promise<void> {
  console.log(`Installing ab into ${FOLDER} ...`);
  const unfinished = `${FOLDER}.new`;
  const folders = await unpackForThisMachine(['apache2-utils'], unfinished);
  const libraries = folders.map((name) => `$here/usr/lib/${name}`).join(':');
  const script = `#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH="${libraries}" exec "$here/usr/bin/ab" "$@"
`;
  const launcher = join(unfinished, 'bin/ab');
  await writeFile(launcher, script);
  await chmod(launcher, 0o755);
  await rm(FOLDER, { recursive: true, force: true });
  await rename(unfinished, FOLDER);
}
