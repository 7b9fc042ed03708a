import { networkInterfaces } from 'node:os';
import { secretFile } from '../../src/config/secrets.ts';
import { reachableHost } from './processes.ts';
import type { StackConfig } from './stack-config.ts';
import type { ProcessSpec } from './supervisor.ts';

export function printSummary(config: StackConfig, processes: ProcessSpec[], oneTimePassword?: string): void {
  const host = reachableHost(config.host);
  const lines = [
    '',
    `Inventario is running on http://${host}:${config.port}`,
    `  log in       ${logIn(config, oneTimePassword)}`,
  ];
  for (const address of networkAddresses(config))
    lines.push(`  network      http://${address}:${config.port}`);
  if (config.phpMyAdminPort) {
    lines.push(
      `  phpMyAdmin   http://127.0.0.1:${config.phpMyAdminPort}  (user root, password in ${secretFile(config.secretsDir, 'ROOT_PASSWORD')})`,
    );
  }
  if (config.simulatorPort) {
    lines.push(
      `  shop         http://${host}:${config.port}/tienda, with simulated payments: no money moves`,
    );
  }
  for (const { name, port, weight } of processes) {
    lines.push(`  ${name.padEnd(12)} port ${port}${weight ? `, weight ${weight}` : ''}`);
  }
  lines.push('Stop it with Ctrl-C or npm stop; data stays in ' + config.varDir, '');
  console.log(lines.join('\n'));
}

function logIn(config: StackConfig, oneTimePassword?: string): string {
  if (config.demo) return 'admin / admin123 (this local demonstration only)';
  if (oneTimePassword)
    return `admin / ${oneTimePassword} (temporary, not shown again: log in to choose your own)`;
  return 'admin, with the password you chose';
}

function networkAddresses({ host }: StackConfig): string[] {
  if (host !== '0.0.0.0') return [];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
