import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const LARGE_OUTPUT = { maxBuffer: 64 * 1024 * 1024 };

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
  onProgress?: (detail: string) => void;
}

/** Needs no root: apt is confined to `into`. @throws CannotInstallError without apt, a mirror or such a package */
export async function unpackDebianPackages(request: PackageRequest) {
  const { packages, suite, onTopOfMachine, into, onProgress = () => undefined } = request;
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
    await aptGet(['update', '--error-on=any'], env, (percent) => onProgress(`package lists, ${percent} %`));
    await aptGet(['install', '--download-only', ...packages], env, (percent, size) =>
      onProgress(`download, ${percent} %${size && ` of ${size}`}`),
    );
    const archives = join(apt, 'cache/archives');
    const files = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
    for (const [index, file] of files.entries()) {
      onProgress(`unpacking, ${index + 1} of ${files.length} packages`);
      await run('dpkg-deb', ['--extract', join(archives, file), into], LARGE_OUTPUT);
    }
  } catch (error) {
    throw new CannotInstallError(`${packages.join(', ')} of Debian ${suite}: ${lastLines(error)}`);
  }
  await rm(apt, { recursive: true });
}

async function aptGet(
  args: string[],
  env: NodeJS.ProcessEnv,
  onProgress: (percent: number, size: string) => void,
): Promise<void> {
  const finished = run('apt-get', ['-o', 'APT::Status-Fd=1', ...args], { ...LARGE_OUTPUT, env });
  let size = '';
  finished.child.stdout?.on('data', (chunk: string) => {
    size = /^Need to get (\S+ \w?B)/m.exec(chunk)?.[1] ?? size;
    const percent = [...chunk.matchAll(/^dlstatus:\d+:([\d.]+):/gm)].at(-1)?.[1];
    if (percent) onProgress(Math.round(Number(percent)), size);
  });
  await finished;
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
