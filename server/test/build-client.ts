import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Before all tests, once: the client and the page of this source, and not what was built of another one. */
export async function setup(): Promise<void> {
  await promisify(execFile)('npm', ['run', 'build', '--workspace', 'client', '--silent'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
}
