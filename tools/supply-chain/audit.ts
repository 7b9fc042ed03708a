/** `npm run audit` of production packages. Exit codes: 0, 1 for high or critical severity, 2 for no answer. */
import { spawnSync } from 'node:child_process';

interface Report {
  metadata?: { vulnerabilities: Record<string, number> };
  vulnerabilities?: Record<string, { severity: string; range: string }>;
}

const SERIOUS = ['high', 'critical'];

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
const report = parse(stdout);
if (!report?.metadata) {
  console.error('The package registry does not answer audits: known vulnerabilities were NOT looked for.');
  process.exit(2);
}
const serious = Object.entries(report.vulnerabilities ?? {}).filter(([, { severity }]) =>
  SERIOUS.includes(severity),
);
for (const [name, { severity, range }] of serious) console.error(`${severity}: ${name} ${range}`);
const counts = Object.entries(report.metadata.vulnerabilities).map(
  ([severity, count]) => `${count} ${severity}`,
);
console.log(`Known vulnerabilities: ${counts.join(', ')}`);
process.exit(serious.length > 0 ? 1 : 0);

function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}
