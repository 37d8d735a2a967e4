import { type ChainState, followChain, mergeUnreadChain } from './chain.ts';
import { toBalance } from './decode.ts';
import { ReadBalance } from './documents.ts';
import { Latest } from './latest.ts';
import { Lifetime } from './lifetime.ts';
import { Sessions } from './sessions.ts';
import { type BalancesState, mergeUnread } from './store.ts';
import { Transport, type TransportOptions } from './transport.ts';
import type { Address, BlockTag, Session, SessionInput, WalletItem, WatchedBalance } from './types.ts';
import { mergeUnreadWallets, type WalletsState } from './wallets.ts';
import { followBalances, followWallets } from './watch.ts';

export interface BalancesClientOptions {
  /** Of the server, as `https://balances.example`, or of its `/graphql`. */
  readonly url: string | URL;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
  /** Sent with every request, or how to get them for each. */
  readonly headers?: TransportOptions['headers'];
  /**
   * A UUID. With it sessions are this client's own, and what it watches is set each time; without it all devices
   * of a wallet share one list, which only grows.
   */
  readonly clientId?: string;
  /**
   * Milliseconds without a byte after which a connection is given up and opened again: a few of the server's
   * heartbeats. Default: 25,000.
   */
  readonly silenceTimeoutMs?: number;
}

export interface BalanceInput {
  readonly owner: Address;
  readonly token: Address | 'native';
  /** Default: the server's first. */
  readonly chainId?: number;
  /** Default: `LATEST`. */
  readonly at?: BlockTag;
}

export interface WatchOptions extends SessionInput {
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

export interface WalletsOptions {
  /** 1 to 1,000. */
  readonly items: readonly WalletItem[];
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

export interface BalancesClient extends AsyncDisposable {
  /**
   * Begins to watch tokens of a wallet. Throws BalancesError with `BAD_USER_INPUT`, `CHAIN_NOT_SERVED`,
   * `TOKEN_LIMIT_EXCEEDED`, `TOO_MANY_CLIENTS`, `TOKEN_LIST_REJECTED`, `TOKEN_LIST_UNAVAILABLE`.
   */
  createSession(input: SessionInput): Promise<Session>;
  /** As createSession, but throws `SESSION_NOT_FOUND` where there is none. Open streams get what is new. */
  updateSession(input: SessionInput): Promise<Session>;
  /**
   * What a wallet holds of a token now; needs no session. A token that cannot be read is a balance whose
   * `status` is `UNREADABLE`. Throws BalancesError with `CHAIN_NOT_SERVED`, `UPSTREAM_UNAVAILABLE`.
   */
  balance(input: BalanceInput): Promise<WatchedBalance>;
  /**
   * Everything a wallet holds of the watched tokens, and what spenders may take of them, again after every change.
   * Where tokens, lists or spenders are given the session is made first, else there must be one (`SESSION_NOT_FOUND`).
   *
   * Reconnects for ever and resumes where it was; throws only what trying again cannot mend. Who reads slowly
   * skips states: each is complete, and `changed` says what changed since the one read before. Ends on `break`,
   * when the signal aborts, and when the client is disposed.
   */
  watchBalances(options: WatchOptions): AsyncIterableIterator<BalancesState>;
  /**
   * Everything that many wallets hold on any of the chains, again after every change, without a session. Each chain
   * begins when its balances have been read; one that is in trouble holds up no other. Items with conditions tell
   * only what crosses one, and `changed` says which.
   *
   * ```ts
   * const owner = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
   * const watched = client.watchWallets({
   *   items: [
   *     { chainId: 1, owner, tokens: ['native', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'] },
   *     { chainId: 42161, owner, tokens: ['native'], conditions: [{ token: 'native', below: 10n ** 18n }] },
   *   ],
   * });
   * for await (const { changed } of watched)
   *   for (const { chainId, token, formatted, crossed } of changed)
   *     console.log(chainId, token.symbol, formatted, crossed.includes('BELOW') ? 'TOP UP' : '');
   * ```
   *
   * Reconnects, skips states for who reads slowly, and ends as `watchBalances` does; no crossing is skipped. Throws
   * BalancesError with `BAD_USER_INPUT`, `CHAIN_NOT_SERVED`, `TOKEN_LIMIT_EXCEEDED`.
   */
  watchWallets(options: WalletsOptions): AsyncIterableIterator<WalletsState>;
  /**
   * Where a chain stands, then again whenever its head, its safe or its finalized block changes. Throws BalancesError
   * with `CHAIN_NOT_SERVED`.
   *
   * Reconnects for ever. Who reads slowly skips states, and no reorganisation: several that were not read are told as
   * one. What happened while there was no connection is not told; so hold on to what is final, not to what no
   * reorganisation was heard of. To hold changes of balances until their blocks are finalized:
   *
   * ```ts
   * const held = new Map<string, WatchedBalance>();
   * const collect = async () => {
   *   // A change that a reorganisation took back is followed by another one, which takes its place.
   *   for await (const { balances, changed } of client.watchBalances({ chainId: 1, owner, customTokens: [token] }))
   *     for (const address of changed) {
   *       const balance = balances.get(address);
   *       if (balance) held.set(address, balance);
   *       else held.delete(address);
   *     }
   * };
   * const release = async () => {
   *   for await (const { finalized } of client.watchChain(1))
   *     for (const [address, change] of held) {
   *       if (!finalized || change.block.number > finalized.number) continue;
   *       // A height may belong to another block by now: what counts is what the wallet holds at the finalized one.
   *       const final = await client.balance({ chainId: 1, owner, token: change.token.address, at: 'FINALIZED' });
   *       if (final.amount !== change.amount || held.get(address) !== change) continue;
   *       held.delete(address);
   *       console.log('final:', change.token.symbol, change.formatted);
   *     }
   * };
   * await Promise.all([collect(), release()]);
   * ```
   */
  watchChain(chainId: number, options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<ChainState>;
  /** Ends every iteration and every request. */
  dispose(): void;
}

/**
 * A client of a balance-stream server, for browsers and Node 20 or newer.
 *
 * ```ts
 * import { createBalancesClient } from '@balance-stream/client';
 *
 * const client = createBalancesClient({ url: 'http://localhost:8080' });
 * const watched = client.watchBalances({
 *   chainId: 1,
 *   owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
 *   customTokens: ['0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'],
 * });
 * for await (const { balances, changed } of watched)
 *   for (const token of changed) {
 *     const balance = balances.get(token);
 *     console.log(balance?.token.symbol, balance?.formatted);
 *   }
 * ```
 */
export function createBalancesClient({ clientId, ...options }: BalancesClientOptions): BalancesClient {
  const transport = new Transport(options);
  const sessions = new Sessions(transport);
  const lifetime = new Lifetime();
  const own = <T extends SessionInput>(input: T): T => ({ ...input, clientId: input.clientId ?? clientId });
  return {
    createSession: (input) => lifetime.run((signal) => sessions.create(own(input), signal)),
    updateSession: (input) => lifetime.run((signal) => sessions.update(own(input), signal)),
    async balance({ owner, token, chainId, at }) {
      const variables = { owner, token, chainId, at };
      const answer = await lifetime.run((signal) => transport.request(ReadBalance, variables, signal));
      return toBalance(answer.balance);
    },
    watchBalances({ signal: outer, ...input }) {
      const follow = (publish: (state: BalancesState) => void, gone: AbortSignal) =>
        lifetime.run((signal) => followBalances({ transport, sessions }, own(input), publish, signal), gone);
      return new Latest({ merge: mergeUnread, produce: follow, signal: outer });
    },
    watchWallets({ signal: outer, items }) {
      const produce = (publish: (state: WalletsState) => void, gone: AbortSignal) =>
        lifetime.run((signal) => followWallets(transport, items, publish, signal), gone);
      return new Latest({ merge: mergeUnreadWallets, produce, signal: outer });
    },
    watchChain(chainId, { signal: outer } = {}) {
      const produce = (publish: (state: ChainState) => void, gone: AbortSignal) =>
        lifetime.run((signal) => followChain(transport, chainId, publish, signal), gone);
      return new Latest({ merge: mergeUnreadChain, produce, signal: outer });
    },
    dispose: () => lifetime.end(),
    async [Symbol.asyncDispose]() {
      lifetime.end();
    },
  };
}
