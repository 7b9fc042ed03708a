import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const LARGE_OUTPUT = { maxBuffer: 64 * 1024 * 1024 };

/** The message says what is missing. */
export class CannotInstallError extends Error {
  override name = 'CannotInstallError';
}

interface PackageRequest {
  packages: readonly string[];
  /** A Debian suite, such as `sid`; packages come from the machine's own mirror. */
  suite: string;
  /** Skip packages that the machine has, and use its libraries. */
  onTopOfMachine: boolean;
  into: string;
}

/**
 * Unpacks Debian packages and their dependencies without root, with apt confined to the folder `into`.
 * @throws CannotInstallError without apt, a Debian mirror or such a package
 */
export async function unpackDebianPackages({ packages, suite, onTopOfMachine, into }: PackageRequest) {
  if (!existsSync(KEYRING)) throw new CannotInstallError('this is not Debian');
  const apt = join(into, '.apt');
  await mkdir(join(apt, 'lists/partial'), { recursive: true });
  await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
  await mkdir(join(apt, 'state'), { recursive: true });
  await writeFile(join(apt, 'status'), '');
  await writeFile(join(apt, 'sources.list'), `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`);
  await writeFile(join(apt, 'apt.conf'), await aptConfiguration(apt, onTopOfMachine));
  const env = { ...process.env, APT_CONFIG: join(apt, 'apt.conf'), LC_ALL: 'C.UTF-8' };
  try {
    await run('apt-get', ['update', '--error-on=any'], { ...LARGE_OUTPUT, env });
    await run('apt-get', ['install', '--download-only', ...packages], { ...LARGE_OUTPUT, env });
    const archives = join(apt, 'cache/archives');
    for (const file of await readdir(archives)) {
      if (file.endsWith('.deb'))
        await run('dpkg-deb', ['--extract', join(archives, file), into], LARGE_OUTPUT);
    }
  } catch (error) {
    throw new CannotInstallError(`${packages.join(', ')} of Debian ${suite}: ${lastLines(error)}`);
  }
  await rm(apt, { recursive: true });
}

/** Before the first `apt-get update`, apt knows no origins, so match the address. */
async function mirror(): Promise<string> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN)|$(REPO_URI)',
    'Created-By: Packages',
  ]).catch(() => ({ stdout: '' }));
  const sources = stdout.split('\n').map((line) => line.split('|'));
  const debian =
    sources.find(([origin, uri]) => origin === 'Debian' && !uri?.includes('security')) ??
    sources.find(([, uri]) => uri && /\/debian\/?$/.test(uri));
  if (!debian?.[1]) throw new CannotInstallError("no Debian mirror among this machine's apt sources");
  return debian[1];
}

/** Keeps the machine's network settings and uses our folders for the rest. */
async function aptConfiguration(apt: string, onTopOfMachine: boolean): Promise<string> {
  const { stdout } = await run('apt-config', ['dump'], LARGE_OUTPUT);
  const network = stdout.split('\n').filter((line) => /^Acquire::(http|https|Retries)\b/.test(line));
  const status = onTopOfMachine ? '/var/lib/dpkg/status' : join(apt, 'status');
  return [
    ...network,
    'Dir::Etc::Main "/dev/null"; Dir::Etc::Parts "/dev/null";',
    `Dir::Etc::SourceList "${apt}/sources.list"; Dir::Etc::SourceParts "/dev/null";`,
    'Dir::Etc::Preferences "/dev/null"; Dir::Etc::PreferencesParts "/dev/null";',
    `Dir::State "${apt}/state"; Dir::State::Lists "${apt}/lists"; Dir::State::Status "${status}";`,
    `Dir::Cache "${apt}/cache"; Dir::Log "${apt}";`,
    'APT::Install-Recommends "false"; APT::Get::Assume-Yes "true"; APT::Sandbox::User "";',
    'Acquire::Languages "none"; Debug::NoLocking "true";',
    // Tolerates a wrong clock; signatures are still verified.
    'Acquire::Check-Valid-Until "false";',
  ].join('\n');
}

function lastLines(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').slice(-4).join(' ');
}
