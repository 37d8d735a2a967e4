import { setTimeout as sleep } from 'node:timers/promises';
import { type Server, startServer } from './server-process.ts';
import type { Transfer } from './upstream/block.ts';
import type { Mined } from './upstream/node.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** The synthetic upstream and the real server on it, each in its own process, ready to be measured. */
export interface Stage extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly server: Server;
  mine(transfers: readonly Transfer[]): Promise<Mined>;
  /** Waits until the upstream has not been asked for anything in a while. */
  quiet(): Promise<void>;
}

const QUIET_MS = 400;
const POLL_MS = 10;
const PATIENCE_MS = 10_000;

export async function startStage(
  options: { rttMs?: number; env?: Record<string, string> } = {},
): Promise<Stage> {
  await using starting = new AsyncDisposableStack();
  const startingUpstream = startUpstream(options).then((started) => starting.use(started));
  const startingServer = startServer(startingUpstream, options.env).then((started) => starting.use(started));
  const [upstream, server] = await Promise.all([startingUpstream, startingServer]);
  await listensToHeads(upstream);
  const running = starting.move();
  return {
    upstream,
    server,
    mine: (transfers) => upstream.call('mine', { transfers }),
    quiet: () => quiet(upstream),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function listensToHeads(upstream: Upstream): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while ((await upstream.call('headSubscribers', {})) === 0) {
    if (performance.now() > deadlineMs) throw new Error('the server does not subscribe to newHeads');
    await sleep(POLL_MS);
  }
  await quiet(upstream);
}

async function quiet(upstream: Upstream): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  const calls = async (): Promise<number> => (await upstream.call('stats', {})).calls;
  for (let before = await calls(), after = Number.NaN; ; before = after) {
    await sleep(QUIET_MS);
    after = await calls();
    if (after === before) return;
    if (performance.now() > deadlineMs) throw new Error('the upstream is asked without a pause');
  }
}
