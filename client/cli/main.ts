#!/usr/bin/env node
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { BalancesError } from '../errors.ts';
import { unknown } from '../state.ts';
import { HELP, readCommand, UsageError, type WatchArguments } from './arguments.ts';
import { JsonDisplay } from './json-display.ts';
import { Screen } from './table/screen.ts';
import { TableDisplay } from './table/table-display.ts';
import { type Display, watch } from './watch.ts';

/** The command `balance-stream`: the environment, signals and exit codes. */
const EXIT = { ended: 0, refused: 1, misused: 2 } as const;

/** How long who reads the output may take for the rest of it. */
const FLUSH_MS = 500;

const { stdin, stdout, stderr } = process;
const ending = new AbortController();
const end = () => ending.abort();

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2), process.env);
  if (command.name === 'watch') return await show(command);
  stdout.write(command.name === 'help' ? HELP : `${version()}\n`);
  return EXIT.ended;
}

async function show(asked: WatchArguments): Promise<number> {
  // Only the first time: then the process ends as it would without us.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  const display = displayOf(asked);
  try {
    await watch(asked, display, ending.signal);
    return EXIT.ended;
  } finally {
    display.close();
  }
}

function displayOf(asked: WatchArguments): Display {
  const server = new URL(asked.url).href;
  if (asked.json || !stdout.isTTY || process.env.TERM === 'dumb')
    return new JsonDisplay({ server, output: stdout, errors: stderr });
  const screen = new Screen({ output: stdout, input: stdin.isTTY ? stdin : undefined, onEnd: end });
  return new TableDisplay({ arguments: asked, screen, status: unknown().status });
}

function version(): string {
  return createRequire(import.meta.url)('@balance-stream/client/package.json').version;
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    stderr.write(`${error.message}\nbalance-stream --help says more.\n`);
    return EXIT.misused;
  }
  stderr.write(error instanceof BalancesError ? `${error.message} (${error.code})\n` : `${error}\n`);
  return EXIT.refused;
}

// Whoever read the output has enough of it, or the terminal is gone.
for (const stream of [stdout, stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' || error.code === 'EIO' ? EXIT.ended : EXIT.refused);
  });
const code = await main().catch(explain);
await Promise.race([new Promise((resolve) => stdout.write('', resolve)), sleep(FLUSH_MS)]);
process.exit(code);
