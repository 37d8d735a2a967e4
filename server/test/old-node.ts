import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

const OLDEST = 20;

/**
 * A Node of the oldest version that the client runs on, from the PATH; npm puts the one that we use before it. Where
 * there is none there is a notice, and undefined.
 */
export function findOldNode(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    try {
      const version = execFileSync(node, ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (version.startsWith(`v${OLDEST}.`)) return node;
    } catch {
      // There is none in this folder.
    }
  }
  console.warn(`SKIPPED: what is to run under Node ${OLDEST}, too. There is none on the PATH.`);
  return undefined;
}
