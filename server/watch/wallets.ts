import { createHash } from 'node:crypto';
import type { Address } from '../chain/types.ts';
import type { Config } from '../config.ts';
import { FatalError } from '../errors.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { Wish } from './alarms.ts';
import { Holdings } from './holdings.ts';
import type { Room } from './room.ts';
import { servedChain } from './served.ts';
import type { Caller, WalletItem, Wallets } from './service.ts';
import type { WatchedChain } from './sessions.ts';
import { UpdateStream } from './stream.ts';
import type { Updates } from './update.ts';
import { Watch } from './watch.ts';

interface WalletsOptions {
  readonly config: Pick<Config, 'maxPairsPerStream' | 'sessionIdleTtlMs'>;
  readonly chains: ReadonlyMap<number, WatchedChain>;
  readonly room: Room;
}

/** What a stream wants of one pair. */
interface Wanted extends Wish {
  readonly owner: Address;
  readonly token: Address;
}

/** What streams of many wallets name on a chain. */
interface List {
  readonly holdings: Holdings;
  /** Of who asked first: in whose share its pairs are. */
  readonly address: string;
}

/**
 * Streams of many wallets. What one of them names on a chain is held under a name made of it: who asks for the same
 * shares it, and who reconnects within the idle time resumes. What nobody listens to any more makes room first, that of
 * whoever needs the room before others'.
 */
export class LiveWallets implements Wallets, Disposable {
  readonly #options: WalletsOptions;
  readonly #lists = new Map<string, List>();
  #draining = false;

  constructor(options: WalletsOptions) {
    this.#options = options;
    options.room.addSpare((address) => this.#giveUpIdle(address));
  }

  async stream(
    items: readonly WalletItem[],
    { after, caller, signal }: { after?: string | undefined; caller: Caller; signal: AbortSignal },
  ): Promise<Updates> {
    const chains = this.#byChain(items);
    if (this.#draining) return UpdateStream.ended();
    this.#countWords(items, chains, { address: caller.address, signal });
    return new UpdateStream((listener) => {
      const opened: Watch[] = [];
      try {
        for (const [chainId, wanted] of chains) {
          const holdings = this.#hold(chainId, wanted, caller);
          opened.push(new Watch({ holdings, wishes: wishesOf(holdings, wanted), after, ...listener }));
        }
      } catch (error) {
        for (const watch of opened) watch.end();
        throw error;
      }
      return opened;
    }, signal);
  }

  /**
   * Conditions, and tokens that are named once more, take memory as long as the stream is there, whoever shares the
   * pairs: each counts as one more. Throws RATE_LIMITED, CAPACITY_EXCEEDED.
   */
  #countWords(
    items: readonly WalletItem[],
    chains: ReadonlyMap<number, ReadonlyMap<string, Wanted>>,
    { address, signal }: { address: string; signal: AbortSignal },
  ): void {
    const { room } = this.#options;
    const pairs = wordsOf(items) - [...chains.values()].reduce((sum, { size }) => sum + size, 0);
    if (pairs === 0 || signal.aborted) return;
    room.check({ pairs, address });
    room.count({ pairs, address });
    signal.addEventListener('abort', () => room.count({ pairs: -pairs, address }), { once: true });
  }

  /** Ends every stream, now and as it comes. */
  drain(): void {
    this.#draining = true;
    for (const { holdings } of this.#lists.values()) holdings.endStreams();
  }

  /** Ends every stream and lets go of everything. */
  [Symbol.dispose](): void {
    this.drain();
    for (const name of this.#lists.keys()) this.#close(name);
  }

  /** Throws CHAIN_NOT_SERVED, TOKEN_LIMIT_EXCEEDED. */
  #byChain(items: readonly WalletItem[]): Map<number, Map<string, Wanted>> {
    const chains = new Map<number, Map<string, Wanted>>();
    let pairs = 0;
    for (const { chainId, owner, tokens, conditions } of items) {
      servedChain(this.#options.chains, chainId);
      const wanted = chains.get(chainId) ?? new Map<string, Wanted>();
      chains.set(chainId, wanted);
      const thresholds = Map.groupBy(conditions, ({ token }) => token);
      for (const token of new Set(tokens)) {
        const name = `${owner}${token}`;
        const known = wanted.get(name);
        if (!known) pairs += 1;
        wanted.set(name, {
          owner,
          token,
          thresholds: [...(known?.thresholds ?? []), ...(thresholds.get(token) ?? [])],
          // Whoever names it without any condition wants all of it.
          isQuiet: conditions.length > 0 && known?.isQuiet !== false,
        });
      }
    }
    const most = this.#options.config.maxPairsPerStream;
    if (pairs > most)
      throw new FatalError(
        'TOKEN_LIMIT_EXCEEDED',
        `${pairs} pairs of a wallet and a token exceed the limit of ${most} a stream`,
      );
    return chains;
  }

  #hold(chainId: number, wanted: ReadonlyMap<string, Wanted>, { address }: Caller): Holdings {
    const digest = createHash('sha256')
      .update([...wanted.keys()].sort().join())
      .digest('hex')
      .slice(0, 16);
    const name = `${chainId}/${digest}`;
    const known = this.#lists.get(name);
    if (known) return known.holdings;
    const { room, config, chains } = this.#options;
    room.check({ holders: 1, pairs: wanted.size, address });
    const { ledger, owners } = servedChain(chains, chainId);
    const holdings = new Holdings({
      chainId,
      name: digest,
      ledger,
      owners,
      idleTtlMs: config.sessionIdleTtlMs,
      expired: () => this.#close(name),
    });
    holdings.add(wanted.values());
    this.#lists.set(name, { holdings, address });
    room.count({ holders: 1, pairs: wanted.size, address });
    return holdings;
  }

  #close(name: string): void {
    const list = this.#lists.get(name);
    if (!list) return;
    this.#lists.delete(name);
    const { holdings, address } = list;
    const pairs = holdings.size;
    holdings[Symbol.dispose]();
    this.#options.room.count({ holders: -1, pairs: -pairs, address });
  }

  /** Of that address, or of any. */
  #giveUpIdle(address?: string): boolean {
    for (const [name, list] of this.#lists) {
      if (list.holdings.isStreaming || (address !== undefined && list.address !== address)) continue;
      this.#close(name);
      return true;
    }
    return false;
  }
}

/** How much a stream names in all: tokens, however often each, and conditions. */
export function wordsOf(items: readonly WalletItem[]): number {
  return items.reduce((sum, { tokens, conditions }) => sum + tokens.length + conditions.length, 0);
}

/** By the pairs that are held; none where everything is wanted of everything. */
function wishesOf(holdings: Holdings, wanted: ReadonlyMap<string, Wanted>): Map<WatchedPair, Wish> {
  const wishes = new Map<WatchedPair, Wish>();
  for (const pair of holdings.pairs()) {
    const { thresholds = [], isQuiet = false } = wanted.get(`${pair.owner}${pair.token}`) ?? {};
    if (isQuiet || thresholds.length > 0) wishes.set(pair, { thresholds, isQuiet });
  }
  return wishes;
}
