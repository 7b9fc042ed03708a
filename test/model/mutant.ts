import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_DIR, readStackConfig } from '../../tools/launcher/stack-config.ts';
import { Stack } from '../support/stack.ts';

/** One protection taken out: `text` stands in `file` once, and is replaced. */
export interface Change {
  file: string;
  text: string;
  by: string;
}

/** Runs `work` on a system of its own, whose sources are these with the changes made. */
export async function withMutant<T>(changes: Change[], work: (stack: Stack) => Promise<T>): Promise<T> {
  const projectDir = await mkdtemp(join(tmpdir(), 'inventario-mutant-'));
  try {
    for (const name of ['src', 'views', 'public', 'mysql', 'nginx', 'package.json', 'package-lock.json']) {
      await cp(join(PROJECT_DIR, name), join(projectDir, name), { recursive: true });
    }
    await symlink(join(PROJECT_DIR, 'node_modules'), join(projectDir, 'node_modules'));
    for (const change of changes) await make(change, projectDir);
    const env = { RUNTIME_DIR: readStackConfig([]).runtimeDir };
    const stack = await Stack.start({ projectDir, env });
    try {
      return await work(stack);
    } finally {
      await stack.stopAndClean();
    }
  } finally {
    await rm(projectDir, { recursive: true, force: true });
  }
}

/** @throws when the text is not there exactly once: then the mutant would prove nothing */
async function make({ file, text, by }: Change, projectDir: string): Promise<void> {
  const path = join(projectDir, file);
  const parts = (await readFile(path, 'utf8')).split(text);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${text}`);
  await writeFile(path, parts.join(by));
}
