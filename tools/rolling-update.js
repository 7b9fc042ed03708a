/**
 * Brings a new version into a running deployment, one web instance after the other, without a request
 * failing:
 *
 *     node tools/rolling-update.js
 *
 * Plain JavaScript without packages: any Node will do. COMPOSE_FILE names the files of a deployment
 * that uses more than docker-compose.yml, and whatever else Docker Compose takes from the environment
 * counts too.
 */
import { execFileSync } from 'node:child_process';

/** @param {string[]} args */
function compose(...args) {
  execFileSync('docker', ['compose', ...args], { stdio: 'inherit' });
}

/** @param {string[]} args */
function askCompose(...args) {
  return execFileSync('docker', ['compose', ...args], { encoding: 'utf8' });
}

const services = askCompose('config', '--services').trim().split('\n');
const instances = services.filter((name) => /^web\d+$/.test(name)).sort();

try {
  // All instances share one image.
  compose('build', 'web1');
  // New tables and columns come first; the old version works with them until it is replaced.
  compose('run', '--rm', '--no-deps', '-T', 'migrate');
  for (const instance of instances) {
    console.log(`Replacing ${instance} ...`);
    // The old container drains on SIGTERM: NGINX moves on while running requests finish.
    compose('up', '-d', '--no-deps', '--no-build', '--wait', instance);
  }
  console.log('Every instance runs the new version.');
} catch {
  // Docker Compose has said why. The instances that were not reached run the old version.
  console.error(
    'The update stopped here; the other instances go on with what they run. Try again when it is mended.',
  );
  process.exitCode = 1;
}
