// Browsers have it, and compilers must be told: the types of a client say that it can be disposed of.
/// <reference lib="esnext.disposable" preserve="true" />
import { type ChainState, followChain, mergeUnreadChain } from './chain.ts';
import { keptClientId, newClientId } from './client-id.ts';
import { toBalance } from './decode.ts';
import { ReadBalanceDocument as ReadBalance, ReadBalancesDocument as ReadBalances } from './gql/graphql.ts';
import { Latest } from './latest.ts';
import { Lifetime } from './lifetime.ts';
import { Sessions } from './sessions.ts';
import { Named } from './source/named.ts';
import { Shared } from './source/shared.ts';
import { sharedName } from './source/shared-name.ts';
import type { Source } from './source/source.ts';
import { Upstream } from './source/upstream.ts';
import { Transport, type TransportOptions } from './transport.ts';
import type { Address, BlockTag, Session, SessionInput, WalletItem, WatchedBalance } from './types.ts';
import { followWallets, mergeUnreadWallets, type WalletsState } from './wallets.ts';
import { type BalancesListener, type BalancesWatch, Watch } from './watch.ts';

export interface BalancesClientOptions {
  /** Of the server, as `https://balances.example`, or of its `/graphql`; on a page it may be relative to it. */
  readonly url: string | URL;
  /** Where the server asks for one; sent as `Authorization: Bearer`. */
  readonly apiKey?: string | undefined;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
  /** Sent with every request, or how to get them for each. */
  readonly headers?: TransportOptions['headers'];
  /**
   * A UUID: what this client watches is a list of its own. Default: a new one, except for what is watched where tabs
   * share a connection: then one is made once and kept in the browser's `localStorage`.
   */
  readonly clientId?: string;
  /**
   * Whether tabs of this browser share one connection, where it has Web Locks and BroadcastChannel (in pages that are
   * served over HTTPS, or by localhost). Those do that have the same `url`, `clientId`, `apiKey` and `headers`; a
   * function for `headers` should say the same in all tabs. Default: true.
   */
  readonly share?: boolean;
  /** Where balances come from while the server is away; see `@balance-stream/client/rpc`. */
  readonly fallback?: ((service: Source) => Source) | undefined;
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
  /** As of which block: `LATEST`, `SAFE` or `FINALIZED`. Default: `LATEST`. */
  readonly at?: BlockTag;
}

export interface BalancesInput {
  readonly owner: Address;
  /** 1 to 1,000. */
  readonly tokens: readonly (Address | 'native')[];
  /** Default: the server's first. */
  readonly chainId?: number;
  /** As of which block: `LATEST`, `SAFE` or `FINALIZED`. Default: `LATEST`. */
  readonly at?: BlockTag;
}

/**
 * Without lists and tokens: the native coin and its wrapped token, which always are watched, and what `createSession`
 * and `updateSession` of the client have named for the wallet.
 */
export interface WatchOptions {
  readonly chainId: number;
  /** The wallet. */
  readonly owner: Address;
  /** Token lists in Uniswap's format. */
  readonly tokensListsUrls?: readonly string[] | undefined;
  readonly customTokens?: readonly (Address | 'native')[] | undefined;
  /** Whose allowances of the watched tokens are watched, too: at most 10. */
  readonly spenders?: readonly Address[] | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

export interface WalletsOptions {
  /** 1 to 1,000. */
  readonly items: readonly WalletItem[];
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

export interface BalancesClient extends AsyncDisposable {
  /**
   * Begins to watch tokens of a wallet, for a stream that is opened elsewhere: `watchBalances` needs no session to be
   * there. What watches of this client want of the wallet is kept beside them. Throws BalancesError with
   * `BAD_USER_INPUT`, `CHAIN_NOT_SERVED`, `TOKEN_LIMIT_EXCEEDED`, `TOO_MANY_CLIENTS`, `TOKEN_LIST_REJECTED`,
   * `TOKEN_LIST_UNAVAILABLE`.
   */
  createSession(input: SessionInput): Promise<Session>;
  /** As createSession, but throws `SESSION_NOT_FOUND` where there is none. Open streams get what is new. */
  updateSession(input: SessionInput): Promise<Session>;
  /**
   * What a wallet holds of a token now; needs no session. A token that cannot be read is a balance whose
   * `status` is `UNREADABLE`. Throws BalancesError with `CHAIN_NOT_SERVED`, `UPSTREAM_UNAVAILABLE`.
   */
  balance(input: BalanceInput): Promise<WatchedBalance>;
  /** What a wallet holds of some tokens now, in their order; otherwise as `balance`. */
  balances(input: BalancesInput): Promise<readonly WatchedBalance[]>;
  /**
   * Everything a wallet holds of some tokens, and what spenders may take of them, again after every change: to iterate
   * over, or as a store with `getSnapshot` and `subscribe`.
   *
   * Reconnects for ever and resumes where it was; meanwhile what is known is kept, and its status is `stale`. Fails
   * only by what trying again cannot mend, and by a token list that cannot be had when it is first asked for. All watches of a client, and of the browser's other tabs, share one
   * connection. Ends on `break`, when nobody is subscribed, when the signal aborts, and when the client is disposed.
   */
  watchBalances(options: WatchOptions): BalancesWatch;
  /** The same with a callback, from the first state on. Returns what ends it. */
  watchBalances(options: WatchOptions, listener: BalancesListener): () => void;
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
   *   for await (const { changes } of client.watchBalances({ chainId: 1, owner, customTokens: [token] }))
   *     for (const { token, now } of changes)
   *       if (now) held.set(token.address, now);
   *       else held.delete(token.address);
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
 * for await (const { changes } of watched)
 *   for (const { token, previous, now } of changes)
 *     console.log(token.symbol, previous?.formatted, now?.formatted);
 * ```
 */
export function createBalancesClient(options: BalancesClientOptions): BalancesClient {
  const { clientId = newClientId() } = options;
  const transport = new Transport(options);
  const sessions = new Sessions(transport, clientId);
  const name = sharedName(options);
  const source = new Named(name ? share(name) : connect(sessions, clientId), sessions);
  const lifetime = new Lifetime();

  function connect(sessions: Sessions, clientId: string): Source {
    const upstream = new Upstream({ transport, sessions, clientId });
    return options.fallback?.(upstream) ?? upstream;
  }

  /** Whoever leads writes what all tabs want: a session of this client alone is another one. */
  function share(name: string): Source {
    if (options.clientId) return new Shared(connect(sessions, clientId), name);
    const kept = keptClientId(name);
    return new Shared(connect(new Sessions(transport, kept), kept), name);
  }

  function watchBalances(input: WatchOptions): BalancesWatch;
  function watchBalances(input: WatchOptions, listener: BalancesListener): () => void;
  function watchBalances(
    { signal, ...input }: WatchOptions,
    listener?: BalancesListener,
  ): BalancesWatch | (() => void) {
    const { chainId, owner, tokensListsUrls = [], customTokens = [], spenders = [] } = input;
    const demand = { chainId, owner, tokensListsUrls, customTokens, spenders };
    const watch = new Watch({ source, demand, lifetime, signal });
    return listener ? watch.subscribe(listener) : watch;
  }

  return {
    createSession: (input) => lifetime.run((signal) => sessions.create(input, signal)),
    updateSession: (input) => lifetime.run((signal) => sessions.update(input, signal)),
    async balance({ owner, token, chainId, at }) {
      const variables = { owner, token, chainId, at };
      const answer = await lifetime.run((signal) => transport.request(ReadBalance, variables, signal));
      return toBalance(answer.balance);
    },
    async balances({ owner, tokens, chainId, at }) {
      const variables = { owner, tokens, chainId, at };
      const answer = await lifetime.run((signal) => transport.request(ReadBalances, variables, signal));
      return answer.balances.map(toBalance);
    },
    watchBalances,
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
    dispose() {
      lifetime.end();
      source.dispose();
    },
    async [Symbol.asyncDispose]() {
      this.dispose();
    },
  };
}
