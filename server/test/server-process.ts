import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './app.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** `npm start` with an environment of the test's own: what is set is what is tested. */
export class ServerProcess implements Disposable {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  /** All that it has said, on either stream. */
  output = '';

  constructor(environment: Record<string, string>) {
    this.process = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (text) => {
        this.output += text;
      });
    // When all that it said has arrived, too.
    this.exited = once(this.process, 'close').then(([code]) => code);
  }

  /** Where it listens, from its own log. */
  async url(): Promise<string> {
    return await eventually(() => {
      const url = /"url":"([^"]+)"/.exec(this.output)?.[1];
      if (!url) throw new Error(`not listening: ${this.output}`);
      return url;
    });
  }

  /** The finished lines of its log; throws where one is not JSON. */
  lines(): LogLine[] {
    const finished = this.output.slice(0, this.output.lastIndexOf('\n') + 1);
    return finished
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  [Symbol.dispose](): void {
    this.process.kill('SIGKILL');
  }
}
