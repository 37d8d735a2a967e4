import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import headless from '@xterm/headless';
import { expect } from 'vitest';
import { eventually } from './app.ts';

/**
 * Whether there is a way to a pseudo-terminal here: Node has none, but `script` of util-linux does. Where there is none
 * there is a notice.
 */
export function hasTerminal(): boolean {
  try {
    if (execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')) return true;
  } catch {
    // There is none, or another one.
  }
  console.warn("SKIPPED: what needs a terminal. There is no 'script' of util-linux here.");
  return false;
}

interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly environment?: Record<string, string>;
}

/** A program in a real terminal: keys go to it through the kernel, and xterm shows what it draws. */
export class Terminal implements Disposable {
  readonly #xterm: InstanceType<typeof headless.Terminal>;
  readonly #script: ChildProcess;
  /** The program's own exit code, once the terminal is closed. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** All that was sent to it. */
  received = '';

  constructor(command: readonly string[], { columns, rows, environment = {} }: TerminalOptions) {
    this.#xterm = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    const program = command.map((word) => `'${word}'`).join(' ');
    const line = `stty cols ${columns} rows ${rows}; tty; echo "pid $$"; exec ${program}`;
    this.#script = spawn('script', ['-qefc', line, '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#script.stdout?.on('data', (bytes: Buffer) => {
      this.received += bytes;
      this.#xterm.write(bytes);
    });
    this.exited = once(this.#script, 'close').then(([code, signal]) => code ?? signal);
  }

  /** What stands on the screen, without the empty lines at its end. */
  get screen(): readonly string[] {
    const { buffer, rows, cols } = this.#xterm;
    const lines = Array.from({ length: rows }, (_, row) =>
      (
        buffer.active.getLine(buffer.active.viewportY + row)?.translateToString(true, 0, cols) ?? ''
      ).trimEnd(),
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  }

  /** Whether the program draws on a screen of its own. */
  get isTaken(): boolean {
    return this.#xterm.buffer.active.type === 'alternate';
  }

  get isCursorShown(): boolean {
    return this.received.lastIndexOf('\u001b[?25h') >= this.received.lastIndexOf('\u001b[?25l');
  }

  /** Waits until the screen shows it. */
  async shows(text: string | RegExp): Promise<void> {
    await eventually(() => expect(this.screen.join('\n')).toMatch(text));
  }

  press(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /** As by dragging the window's corner. */
  async resize(columns: number, rows: number): Promise<void> {
    const device = /^(\/dev\/\S+)/m.exec(this.received)?.[1] ?? '';
    this.#xterm.resize(columns, rows);
    execFileSync('stty', ['-F', device, 'cols', `${columns}`, 'rows', `${rows}`]);
  }

  /** Sends a signal to the program. */
  kill(signal: NodeJS.Signals): void {
    process.kill(Number(/^pid (\d+)/m.exec(this.received)?.[1]), signal);
  }

  [Symbol.dispose](): void {
    this.#script.kill('SIGKILL');
    this.#xterm.dispose();
  }
}
