import { readFileSync } from 'node:fs';

const packageJson = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');

/** Of Inventario, as package.json has it. */
export const { version } = JSON.parse(packageJson) as { version: string };
