/**
 * Deploys a new version one web instance at a time, without failed requests:
 *
 *     node tools/rolling-update.js
 *
 * Plain JavaScript without packages, for any Node. Docker Compose's environment variables apply, such as
 * COMPOSE_FILE for a deployment with several files.
 */
import { execFileSync } from 'node:child_process';

/** @param {string[]} args */
function compose(...args) {
  execFileSync('docker', ['compose', ...args], { stdio: 'inherit' });
}

/** @param {string[]} args */
function readCompose(...args) {
  return execFileSync('docker', ['compose', ...args], { encoding: 'utf8' });
}

const services = readCompose('config', '--services').trim().split('\n');
const instances = services.filter((name) => /^web\d+$/.test(name)).sort();

try {
  // All instances share one image.
  compose('build', 'web1');
  // Migrate first: the old version works with the new schema.
  compose('run', '--rm', '--no-deps', '-T', 'migrate');
  for (const instance of instances) {
    console.log(`Replacing ${instance} ...`);
    // On SIGTERM the old container drains, and NGINX sends new requests elsewhere.
    compose('up', '-d', '--no-deps', '--no-build', '--wait', instance);
  }
  compose('up', '-d', '--no-deps', '--no-build', 'keep-replicas');
  console.log('Every instance runs the new version.');
} catch {
  // Docker Compose has printed the reason.
  console.error(
    'The update stopped here. Later instances still run the old version. Fix the problem and run it again.',
  );
  process.exitCode = 1;
}
