import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './app.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** `npm start` as a process of its own; it is killed where it has not ended by itself. */
export class ServerProcess implements Disposable {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  output = '';

  constructor(environment: Record<string, string>) {
    // Nothing of the machine's own environment: what is set is what is tested.
    this.process = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (text) => {
        this.output += text;
      });
    this.exited = once(this.process, 'exit').then(([code]) => code);
  }

  /** Where it listens, from its own log. */
  async url(): Promise<string> {
    return await eventually(() => {
      const url = /"url":"([^"]+)"/.exec(this.output)?.[1];
      if (!url) throw new Error(`not listening: ${this.output}`);
      return url;
    });
  }

  [Symbol.dispose](): void {
    this.process.kill('SIGKILL');
  }
}
