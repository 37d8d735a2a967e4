import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { eventually } from './app.ts';

/** The command `balance-stream` as it is published. */
export const BUILT_COMMAND = fileURLToPath(new URL('../../client/dist/cli/main.js', import.meta.url));

interface CommandOptions {
  readonly environment?: Record<string, string>;
  /** Default: the Node that runs the test. */
  readonly node?: string | undefined;
}

/** A line that the command prints where there is no terminal. */
export interface PrintedLine {
  readonly kind: 'snapshot' | 'change' | 'removed';
  readonly cause: string;
  readonly chainId: number;
  readonly token: string;
  readonly symbol: string | null;
  readonly previous: string | null;
  readonly now: string | null;
  readonly formatted: string | null;
  readonly status: string | null;
  readonly block: { readonly number: number; readonly hash: string; readonly timestamp: string };
  readonly transactions: readonly string[];
}

/** The built command in a process of its own, as somebody runs it in a script. */
export class Command implements Disposable {
  readonly process: ChildProcess;
  /** Its exit code once all that it said has arrived, or the signal that killed it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  output = '';
  errors = '';

  constructor(args: readonly string[], { environment = {}, node = process.execPath }: CommandOptions = {}) {
    this.process = spawn(node, [BUILT_COMMAND, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (text) => {
      this.output += text;
    });
    this.process.stderr?.on('data', (text) => {
      this.errors += text;
    });
    this.exited = once(this.process, 'close').then(([code, signal]) => code ?? signal);
  }

  /** All lines, once there are so many; throws where one is not JSON. */
  async lines(count: number): Promise<readonly PrintedLine[]> {
    return await eventually(() => {
      const lines = this.output.split('\n').slice(0, -1);
      expect(lines.length, this.errors).toBeGreaterThanOrEqual(count);
      return lines.map((line) => JSON.parse(line));
    });
  }

  [Symbol.dispose](): void {
    this.process.kill('SIGKILL');
  }
}
