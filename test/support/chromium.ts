import { existsSync } from 'node:fs';
import { chmod, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { PROJECT_DIR } from '../../tools/launcher/stack-config.ts';
import { unpackForThisMachine } from './debian-programs.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FOLDER = join(PROJECT_DIR, '.runtime/chromium');

/** Chromium from PATH, or Debian's unpacked into .runtime. */
export async function findOrInstallChromium(): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (onPath) return onPath;
  const launcher = join(FOLDER, 'bin/chromium');
  if (!existsSync(launcher)) await install();
  return launcher;
}

async function install(): Promise<void> {
  console.log(`Installing Chromium into ${FOLDER} ...`);
  const unfinished = `${FOLDER}.new`;
  const folders = await unpackForThisMachine(
    ['chromium', 'fonts-liberation', 'fontconfig-config'],
    unfinished,
  );
  // libpulse keeps a private library in a subfolder.
  const libraries = folders
    .flatMap((name) => [`$here/usr/lib/${name}`, `$here/usr/lib/${name}/pulseaudio`])
    .join(':');
  const script = `#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
export LD_LIBRARY_PATH="${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/usr/lib/chromium/chromium" "$@"
`;
  const fonts = `<?xml version="1.0"?><fontconfig><dir>${FOLDER}/usr/share/fonts</dir><cachedir>/tmp/fontconfig-cache</cachedir></fontconfig>`;
  await writeFile(join(unfinished, 'fonts.conf'), fonts);
  const launcher = join(unfinished, 'bin/chromium');
  await writeFile(launcher, script);
  await chmod(launcher, 0o755);
  await rename(unfinished, FOLDER);
}

/** @param hasBackForwardCache as people's browsers have it, and Playwright's by default do not */
export async function launchChromium({ hasBackForwardCache = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: await findOrInstallChromium(),
    ...(hasBackForwardCache && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    args: [
      // Chromium's sandbox does not work as root or in containers.
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage', '--disable-quic'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}
