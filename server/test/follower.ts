import { type Advance, Blocks } from '../chain/blocks.ts';
import { Heads } from '../chain/heads.ts';
import { Lineage } from '../chain/lineage.ts';
import { Pool } from '../chain/rpc/pool.ts';
import type { WatchedWallets } from '../chain/scan.ts';
import type { Address } from '../chain/types.ts';

interface Upstream {
  readonly chainId: number;
  readonly url: string;
  readonly wsUrl: string;
}

/**
 * A chain as its blocks alone are followed, without a ledger: for gaps that only a server with millions of pairs
 * would scan. What it yields is collected until it is disposed.
 */
export class Follower implements AsyncDisposable {
  readonly advances: Advance[] = [];
  readonly lineage = new Lineage();
  /** How many blocks each gap had, and how deep each reorganisation was. */
  readonly gaps: number[] = [];
  readonly reorgs: number[] = [];
  wallets: WatchedWallets;
  readonly #stop = new AbortController();
  readonly #pool: Pool;
  readonly #running: Promise<unknown>;

  constructor({ chainId, url, wsUrl }: Upstream, owners: readonly Address[], readsForAll: number) {
    this.wallets = { version: 1, owners, watchesAllowances: false, readsForAll };
    const { signal } = this.#stop;
    this.#pool = new Pool([url], {
      chainId,
      timeoutMs: 20_000,
      rateLimit: undefined,
      observer: { upstreamRequest() {}, endpointTurned() {}, endpointMeasured() {} },
    });
    const heads = new Heads({
      chainId,
      pool: this.#pool,
      sockets: [wsUrl],
      blockTimeMs: 12_000,
      timeoutMs: 20_000,
      rateLimit: undefined,
      isProcessed: ({ number, hash }) => this.lineage.has(number, hash),
      tip: () => this.lineage.tip,
      observer: { head() {}, socketLost() {} },
    });
    const blocks = new Blocks({
      pool: this.#pool,
      heads,
      lineage: this.lineage,
      wallets: () => this.wallets,
      observer: { gap: (missed) => this.gaps.push(missed), reorg: (depth) => this.reorgs.push(depth) },
    });
    const follow = async () => {
      for await (const advance of blocks.follow(signal)) this.advances.push(advance);
    };
    this.#running = Promise.allSettled([heads.run(signal), follow()]);
  }

  get latest(): Advance | undefined {
    return this.advances.at(-1);
  }

  /** Ends it, wherever it stands. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('stopped', 'AbortError'));
    await this.#running;
    await this.#pool[Symbol.asyncDispose]();
  }
}
