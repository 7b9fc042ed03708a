import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_DIR, readStackConfig } from '../../tools/launcher/stack-config.ts';
import { Stack } from '../support/stack.ts';

/** Replaces `text`, which occurs once in `file`, to remove a protection. */
export interface Change {
  file: string;
  text: string;
  by: string;
}

/** Runs `work` on a system started from a changed copy of the sources. */
export async function withMutant<T>(changes: Change[], work: (stack: Stack) => Promise<T>): Promise<T> {
  const projectDir = await mkdtemp(join(tmpdir(), 'inventario-mutant-'));
  try {
    const parts = ['src', 'tools', 'views', 'public', 'mysql', 'nginx', 'package.json', 'package-lock.json'];
    for (const name of parts) {
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

/** @throws unless the text occurs exactly once: otherwise the mutant would prove nothing */
async function make({ file, text, by }: Change, projectDir: string): Promise<void> {
  const path = join(projectDir, file);
  const parts = (await readFile(path, 'utf8')).split(text);
  if (parts.length !== 2)
    throw new Error(`${file} contains this ${parts.length - 1} times, not once: ${text}`);
  await writeFile(path, parts.join(by));
}
