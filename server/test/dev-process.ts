import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, vi } from 'vitest';

const DEV = fileURLToPath(new URL('../devchain/dev.ts', import.meta.url));

/** What `npm run dev` starts, in a temporary folder of its own, on a free port unless told otherwise. */
export function startDev(environment: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dev-test-'));
  const dev = spawn(process.execPath, [DEV], {
    env: { ...process.env, HTTP_BIND: '127.0.0.1:0', ...environment, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(dev, 'exit');
  onTestFinished(async () => {
    dev.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  let [said, complained] = ['', ''];
  dev.stdout.on('data', (text) => {
    said += text;
  });
  dev.stderr.on('data', (text) => {
    complained += text;
  });
  return {
    folder,
    said: () => said,
    complained: () => complained,
    /** Once all of it is running. */
    ready: () => vi.waitFor(() => expect(said).toContain('Ctrl-C'), 20_000),
    /** What it calls so: `Page`, `GraphiQL`, `Tokens`, `Node`. */
    addressOf: (name: string) => new RegExp(`${name} +(\\S+)`).exec(said)?.[1] ?? '',
    interrupt: () => dev.kill('SIGINT'),
    exited: exited.then(([code]) => code as number | null),
  };
}
