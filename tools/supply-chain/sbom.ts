/** `npm run sbom [FILE]`: writes a CycloneDX bill of materials for production to FILE, or to sbom.cdx.json. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Component {
  'bom-ref': string;
  name: string;
  version: string;
  externalReferences?: { type: string; url: string }[];
}

interface Bill {
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

interface Lock {
  name: string;
  packages: Record<string, { version: string; dev?: boolean }>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const file = process.argv[2] ?? 'sbom.cdx.json';

const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as Lock;
const bill = JSON.parse(
  execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  }),
) as Bill;

// npm's --omit=dev also drops packages that production shares with dev tools, such as qs.
const inProduction = new Set(
  Object.entries(lock.packages)
    .filter(([, { dev }]) => !dev)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
);
bill.components = bill.components.filter(({ name, version }) => inProduction.has(`${name}@${version}`));
const refs = new Set([bill.metadata.component, ...bill.components].map((component) => component['bom-ref']));
bill.dependencies = bill.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
// npm uses the folder's name and records download URLs, which differ between machines.
bill.metadata.component.name = lock.name;
for (const component of [bill.metadata.component, ...bill.components]) {
  component.externalReferences =
    component.externalReferences?.filter(({ type }) => type !== 'distribution') ?? [];
}
writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
console.log(`${bill.components.length} packages in ${file}`);
