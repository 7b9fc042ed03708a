/**
 * How to get a newer Node, in commands for this system. Plain text for a terminal.
 *
 * @param {string} platform as in process.platform
 * @param {string} osRelease the text of /etc/os-release, empty where there is none
 */
export function nodeAdvice(platform, osRelease) {
  if (platform === 'darwin') return commands('macOS, with Homebrew', ['brew install node']);
  const value = (/** @type {string} */ name) =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const name = value('PRETTY_NAME') || 'Linux';
  const family = [value('ID'), ...value('ID_LIKE').split(' ')];
  const packages = family.includes('debian') ? ['sudo apt install npm'] : [];
  return commands(name, [...packages, 'sudo npm install --global node@24', 'hash -r && node --version']);
}

/**
 * @param {string} system
 * @param {string[]} lines
 */
function commands(system, lines) {
  return [
    `To get it on this system (${system}):`,
    '',
    ...lines.map((line) => `    ${line}`),
    '',
    'Then repeat the command.',
  ].join('\n');
}
