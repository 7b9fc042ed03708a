import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { PROJECT_DIR } from '../../../tools/launcher/stack-config.ts';
import { stack } from '../../support/shared-stack.ts';
import { environmentWithoutSettings } from '../../support/stack.ts';

const run = promisify(execFile);

test('status tells an instance that hangs from one that answers', async () => {
  const { pid } = stack.process('web3');
  process.kill(pid, 'SIGSTOP');
  try {
    const env = { ...environmentWithoutSettings(), VAR_DIR: stack.varDir };
    const { stdout } = await run(process.execPath, [join(PROJECT_DIR, 'tools/launcher/status.ts')], { env });
    expect(stdout).toMatch(/^ {2}web2 +up /m);
    expect(stdout).toMatch(/^ {2}web3 +hung /m);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});
