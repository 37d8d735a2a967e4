import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import type { TestBrowser } from '../browser.ts';
import { servePage } from '../browser-app.ts';

/** An example that runs, and all that it has said or shown. */
export interface Running extends AsyncDisposable {
  said(): string;
}

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** How long what was interrupted may take to end. */
const LONGEST_END_MS = 5_000;

/** A folder in which packages are found as beside `package.json`. */
export async function folderBeside(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A program, and what it starts, until it is disposed of. */
export function runProgram(command: string, args: readonly string[], cwd = ROOT): Running {
  // In a group of its own, so that all of it goes together.
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'close');
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      said += text;
    });
  return {
    said: () => said,
    async [Symbol.asyncDispose]() {
      const end = (signal: NodeJS.Signals) => {
        if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, signal);
      };
      // As a reader does, by Ctrl-C.
      end('SIGINT');
      const timer = setTimeout(end, LONGEST_END_MS, 'SIGKILL');
      await exited;
      clearTimeout(timer);
    },
  };
}

/** A file that is run by that command, as README says to. */
export async function runFile(command: string, name: string, text: string): Promise<Running> {
  const folder = await folderBeside();
  await writeFile(join(folder, name), text);
  const running = runProgram(command, [name], folder);
  return {
    said: running.said,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An application in a browser: what it shows, and what it writes to the console. */
export async function runInBrowser(
  browser: TestBrowser,
  script: string,
  origins: readonly string[],
): Promise<Running> {
  const page =
    '<!doctype html><html lang="en"><title>Example</title><link rel="icon" href="data:,"><div id="root"></div>';
  const app = await servePage(page, script);
  const visit = await browser.open(app.url, { friends: origins });
  const said: string[] = [];
  visit.page.on('console', async (message) => {
    const values = await Promise.all(message.args().map((value) => value.jsonValue()));
    said.push(values.map((value) => JSON.stringify(value)).join(' '));
  });
  await visit.page.exposeFunction('shows', (text: string) => said.push(text));
  await visit.page.evaluate(() => {
    const root = document.getElementById('root');
    const tell = () =>
      (globalThis as unknown as { shows(text: string): void }).shows(root?.textContent ?? '');
    if (root)
      new MutationObserver(tell).observe(root, { subtree: true, childList: true, characterData: true });
  });
  await visit.page.addScriptTag({ type: 'module', url: '/app.js' });
  return {
    said: () => [...said, ...visit.errors].join('\n'),
    async [Symbol.asyncDispose]() {
      await visit[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** As an application's own bundler makes it, of the packages as they are built. */
export async function bundled(name: string, text: string): Promise<string> {
  const root = await folderBeside();
  try {
    await writeFile(join(root, name), text);
    const { output } = (await build({
      configFile: false,
      root,
      logLevel: 'error',
      build: {
        write: false,
        modulePreload: false,
        rolldownOptions: { input: join(root, name), output: { codeSplitting: false } },
      },
    })) as Rolldown.RolldownOutput;
    return output[0].code;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** What a server answers, as it comes. */
export async function runRequest(url: string, init: RequestInit): Promise<Running> {
  const stop = new AbortController();
  const response = await fetch(url, { ...init, signal: stop.signal });
  let said = '';
  const all = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) said += decoder.decode(bytes, { stream: true });
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    said: () => said,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await all;
    },
  };
}
