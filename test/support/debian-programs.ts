import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackDebianPackages } from '../../tools/launcher/install/debian-packages.ts';

/**
 * Unpacks packages for this machine's release into a new folder with an empty `bin`, with only the libraries that the
 * machine lacks.
 *
 * @returns names of the folders in `usr/lib` that hold libraries
 */
export async function unpackForThisMachine(packages: string[], folder: string): Promise<string[]> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  const osRelease = await readFile('/etc/os-release', 'utf8');
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(osRelease)?.[1] ?? 'stable';
  await unpackDebianPackages({ packages, suite, onTopOfMachine: true, into: folder });
  return (await readdir(join(folder, 'usr/lib'))).filter((name) => name.includes('linux-gnu'));
}
