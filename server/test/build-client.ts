import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Builds the client's package once, before any test file: tests of it are of what is published. */
export default async function buildClient(): Promise<void> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  await promisify(execFile)('npm', ['run', 'build', '--workspace', 'client'], { cwd });
}
