import { fileURLToPath } from 'node:url';
import { CHAIN_ID } from './fixtures.ts';
import { type Child, serveCommands, startChild } from './process.ts';
import type { Transfer } from './upstream/block.ts';
import type { UpstreamStats } from './upstream/meter.ts';
import { type Mined, SyntheticNode } from './upstream/node.ts';

/** What the bench tells the upstream, which runs in a process of its own (this file, forked). */
export interface UpstreamCommands {
  /** Answers the port of HTTP and WebSocket. First of all commands. */
  listen(options: { chainId?: number }): Promise<number>;
  mine(options: { transfers: readonly Transfer[] }): Mined;
  stats(options: Record<string, never>): UpstreamStats;
  resetStats(options: Record<string, never>): void;
  setRtt(options: { rttMs: number }): void;
  headSubscribers(options: Record<string, never>): number;
}

export interface Upstream extends AsyncDisposable {
  readonly httpUrl: string;
  readonly wsUrl: string;
  readonly call: Child<UpstreamCommands>['call'];
}

export async function startUpstream(options: { chainId?: number; rttMs?: number } = {}): Promise<Upstream> {
  const child = startChild<UpstreamCommands>(new URL(import.meta.url));
  const port = await child.call('listen', { chainId: options.chainId ?? CHAIN_ID });
  await child.call('setRtt', { rttMs: options.rttMs ?? 0 });
  return {
    httpUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    call: child.call,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

function serve(): void {
  let node: SyntheticNode | undefined;
  const listening = (): SyntheticNode => {
    if (!node) throw new Error('listen first');
    return node;
  };
  serveCommands<UpstreamCommands>({
    listen: ({ chainId = CHAIN_ID }) => {
      node = new SyntheticNode(chainId);
      return node.listen();
    },
    mine: ({ transfers }) => listening().mine(transfers),
    stats: () => listening().meter.stats(),
    resetStats: () => listening().meter.reset(),
    setRtt: ({ rttMs }) => {
      listening().rttMs = rttMs;
    },
    headSubscribers: () => listening().headSubscribers,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve();
