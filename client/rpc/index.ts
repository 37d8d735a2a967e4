import type { Demand, Follower, Source } from '../source/source.ts';
import { Handover } from './handover.ts';
import type { RpcChain, RpcClient } from './node.ts';
import { Poller } from './poller.ts';

export type { RpcBlock, RpcChain, RpcClient } from './node.ts';

export interface RpcOptions {
  /**
   * Milliseconds from one poll to the next. Default: the chain's block time as viem knows it, but at least 4,000; where
   * viem knows none, 12,000.
   */
  readonly intervalMs?: number;
  /** Milliseconds that the service may be away before the node is asked. Default: 3,000. */
  readonly delayMs?: number;
}

const LEAST_INTERVAL_MS = 4000;
const UNKNOWN_INTERVAL_MS = 12_000;
const DELAY_MS = 3000;
const LEAST_PATIENCE_MS = 5000;

interface PolledChain {
  readonly chain: RpcChain;
  readonly poller: Poller;
  readonly intervalMs: number;
}

/**
 * Balances from a node of your own while the service is away, for `createBalancesClient`.
 *
 * ```ts
 * import { createBalancesClient } from '@balance-stream/client';
 * import { directRpc } from '@balance-stream/client/rpc';
 * import { createPublicClient, http } from 'viem';
 * import { mainnet } from 'viem/chains';
 *
 * const publicClient = createPublicClient({ chain: mainnet, transport: http() });
 * const client = createBalancesClient({ url: 'http://localhost:8080', fallback: directRpc(publicClient) });
 * ```
 *
 * Takes a viem client for each chain that is to have a fallback; what is watched on others waits for the service. While
 * the service cannot be reached, everything watched on a chain is read together, each interval: by Multicall3, all of
 * one block. The status is `live` with `via: 'rpc'` then, and `stale` while the node is away, too. Nothing is asked of
 * the node while the service is there, and nothing falls back that the service refused.
 *
 * A node says less than the service: not which transactions moved a balance (`transactions` is empty), not what came
 * and went between two polls, and not what is in token lists. Before the service has ever answered, what is told is the
 * native coin and the custom tokens, addresses as they were named and without logos; the wrapped coin and those of
 * lists come with the service.
 *
 * When the service is back it tells everything anew. Where it has not come as far as the node had, and says otherwise,
 * it has two intervals, at least 5 s, to catch up; then it is believed. Throws TypeError where a client has no chain.
 */
export function directRpc(
  clients: RpcClient | readonly RpcClient[],
  { intervalMs, delayMs = DELAY_MS }: RpcOptions = {},
): (service: Source) => Source {
  const chains = new Map<number, PolledChain>();
  for (const client of [clients].flat()) {
    const { chain } = client;
    if (!chain) throw new TypeError('a viem client with a chain is needed: createPublicClient({ chain, … })');
    const ms = intervalMs ?? Math.max(LEAST_INTERVAL_MS, chain.blockTime ?? UNKNOWN_INTERVAL_MS);
    chains.set(chain.id, { chain, poller: new Poller({ client, intervalMs: ms }), intervalMs: ms });
  }
  return (service) => new Fallback(service, chains, delayMs);
}

/** The service, and what stands in for it. */
class Fallback implements Source {
  readonly #service: Source;
  readonly #chains: ReadonlyMap<number, PolledChain>;
  readonly #delayMs: number;
  readonly #open = new Set<Handover>();

  constructor(service: Source, chains: ReadonlyMap<number, PolledChain>, delayMs: number) {
    this.#service = service;
    this.#chains = chains;
    this.#delayMs = delayMs;
  }

  follow(demand: Demand, follower: Follower): () => void {
    const polled = this.#chains.get(demand.chainId);
    if (!polled) return this.#service.follow(demand, follower);
    const { chain, poller, intervalMs } = polled;
    const patienceMs = Math.max(LEAST_PATIENCE_MS, 2 * intervalMs);
    const options = { demand, follower, chain, poller, delayMs: this.#delayMs, patienceMs };
    const handover = new Handover(options, this.#service);
    this.#open.add(handover);
    return () => {
      this.#open.delete(handover);
      handover.end();
    };
  }

  dispose(): void {
    for (const handover of this.#open) handover.end();
    this.#open.clear();
    this.#service.dispose();
  }
}
