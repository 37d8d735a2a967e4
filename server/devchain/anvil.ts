import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * One anvil process: a whole chain with HTTP and WebSocket on one port. It runs the binary itself, not npm's
 * wrapper (which passes on no SIGKILL or SIGSTOP), in a process group of its own, so that Ctrl-C in a terminal
 * reaches only whoever started it. Disposing it leaves no process and no file; if its parent dies without
 * disposing it, a watchdog does the same.
 */
export interface Anvil extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  readonly port: number;
  readonly chainId: number;
  readonly pid: number;
  /** Settles when the process is gone, however that came about. Never rejects. */
  readonly exited: Promise<void>;
  /** Ends it in good order: with a state file, the whole chain is in it afterwards. */
  stop(): Promise<void>;
  /** SIGKILL. With a state file, what the last second brought may be missing from it. */
  kill(): Promise<void>;
  /** The process stops where it stands: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

/** When blocks come: one for every transaction, only on demand, or by the clock. */
export type Mining = 'auto' | 'manual' | { readonly everyMs: number };

export interface AnvilOptions {
  /** Default 31337. */
  readonly chainId?: number | undefined;
  /** Default 0: any free one. */
  readonly port?: number | undefined;
  /** Default `auto`. */
  readonly mining?: Mining | undefined;
  /**
   * Where the chain, with the state of its past blocks, is kept: loaded at the start, saved every second and by
   * `stop()`. Start another anvil on the same file and port, and it is the same node after a restart.
   */
  readonly stateFile?: string | undefined;
  /** More of anvil's own arguments. */
  readonly args?: readonly string[] | undefined;
  /** Gives up starting. Once started, it is for the caller to dispose. */
  readonly signal?: AbortSignal | undefined;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  options.signal?.throwIfAborted();
  const binary = anvilBinary();
  const chainId = options.chainId ?? 31_337;
  const scratch = mkdtempSync(join(tmpdir(), 'balance-stream-anvil-'));
  const child = spawn(binary, commandLine(options, chainId, scratch), {
    // Whatever anvil keeps by itself goes where it is removed.
    env: { ...process.env, HOME: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const watchdog = child.pid === undefined ? undefined : watch(child.pid, scratch);
  const exited = new Promise<void>((resolve) => {
    const gone = () => {
      watchdog?.kill('SIGKILL');
      rmSync(scratch, { recursive: true, force: true });
      resolve();
    };
    child.once('exit', gone);
    // Without a pid it never ran, and there is no exit to come.
    child.once('error', () => child.pid ?? gone());
  });

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return exited;
    child.kill(signal);
    // A frozen process hears no signal but SIGKILL.
    child.kill('SIGCONT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };

  try {
    const port = await listening(child, exited, options.signal);
    const url = `http://127.0.0.1:${port}`;
    await silence(url, options.signal);
    return {
      url,
      wsUrl: `ws://127.0.0.1:${port}`,
      port,
      chainId,
      pid: child.pid ?? 0,
      exited,
      stop: () => end('SIGTERM'),
      kill: () => end('SIGKILL'),
      freeze: () => void child.kill('SIGSTOP'),
      thaw: () => void child.kill('SIGCONT'),
      [Symbol.asyncDispose]: () => end('SIGKILL'),
    };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

function commandLine(options: AnvilOptions, chainId: number, scratch: string): string[] {
  const { port = 0, mining = 'auto', stateFile, args = [] } = options;
  const line = ['--chain-id', `${chainId}`, '--port', `${port}`, '--cache-path', scratch];
  if (mining === 'manual') line.push('--no-mining');
  else if (mining !== 'auto') line.push('--block-time', `${mining.everyMs / 1000}`);
  if (stateFile !== undefined)
    line.push('--state', stateFile, '--state-interval', '1', '--preserve-historical-states');
  return [...line, ...args];
}

/** The package that holds the binary of this platform comes with @foundry-rs/anvil as an optional dependency. */
function anvilBinary(): string {
  const arch: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };
  const name = `@foundry-rs/anvil-${process.platform}-${arch[process.arch] ?? process.arch}`;
  const file = `${name}/bin/anvil${process.platform === 'win32' ? '.exe' : ''}`;
  try {
    const anvil = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json');
    return createRequire(anvil).resolve(file);
  } catch (cause) {
    throw new Error(
      `No anvil for ${process.platform}-${process.arch}: the package ${name} is not installed. ` +
        'Run `npm install` without --omit=optional or --omit=dev; where there is no such package, there is no anvil.',
      { cause },
    );
  }
}

/**
 * A shell that waits for this process to end, however it ends (the pipe between the two closes), then kills
 * anvil and removes its scratch folder.
 */
function watch(pid: number, scratch: string): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const script = 'read -r _; kill -9 "$0"; rm -rf "$1"';
  const watchdog = spawn('/bin/sh', ['-c', script, `${pid}`, scratch], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  // Without a shell there is no watchdog, and that is all.
  watchdog.on('error', () => {});
  return watchdog;
}

/** The port it listens on, as it says when it is up. */
async function listening(child: ChildProcess, exited: Promise<void>, signal?: AbortSignal): Promise<number> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('anvil was started without pipes');
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4_000);
  });
  // What it says last may come after it is gone.
  const silent = new Promise<void>((resolve) => stderr.once('close', () => resolve()));
  child.once('error', (error) => {
    complaint += error.message;
  });
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const given = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const port = new Promise<number>((resolve) => {
    createInterface(stdout).on('line', (line) => {
      const match = /^Listening on .*:(\d+)$/.exec(line);
      if (match) resolve(Number(match[1]));
    });
  });
  const failed = exited.then(async () => {
    await silent;
    throw new Error(`anvil did not start: ${complaint.trim() || `exit code ${child.exitCode}`}`);
  });
  const stop = new AbortController();
  try {
    const aborted = once(given, 'abort', { signal: stop.signal }).then(() => given.throwIfAborted());
    return await Promise.race([port, failed, aborted.then(() => 0)]);
  } finally {
    stop.abort();
  }
}

/** From here on it has nothing to say: a line for every request would only cost time. */
async function silence(url: string, signal?: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"method":"anvil_setLoggingEnabled","params":[false]}',
    signal: signal ?? null,
  });
  await response.arrayBuffer();
}
