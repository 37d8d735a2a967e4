import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of somebody else's, of which we see what it prints and how it ends. */
export class ClientProcess implements Disposable {
  /** Its exit code, and what it complained of. */
  readonly exited: Promise<readonly [code: number | null, complaints: string]>;
  output = '';
  readonly #end: () => void;

  /** `program`: a file in `clients/`. */
  constructor(command: string, program: string, args: readonly string[]) {
    const path = fileURLToPath(new URL(`clients/${program}`, import.meta.url));
    const client = spawn(command, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaints = '';
    client.stdout.on('data', (text) => {
      this.output += text;
    });
    client.stderr.on('data', (text) => {
      complaints += text;
    });
    this.exited = once(client, 'close').then(([code]) => [code, complaints]);
    this.#end = () => client.kill('SIGKILL');
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

/**
 * A Python that has `websocket-client` (Debian's python3-websocket): the first on the PATH, or the system's. Where there
 * is none there is a notice, and undefined.
 */
export function findPython(): string | undefined {
  for (const python of ['python3', '/usr/bin/python3'])
    try {
      execFileSync(python, ['-c', 'import websocket; websocket.create_connection'], { stdio: 'ignore' });
      return python;
    } catch {
      // Not this one.
    }
  console.warn(
    'SKIPPED: the Python client. No python3 here has websocket-client (Debian: python3-websocket).',
  );
  return undefined;
}
