import type { Network } from '../chain/networks.ts';
import type { Address } from '../chain/types.ts';
import type { Config } from '../config.ts';
import { FatalError, RetryLaterError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Metadata } from '../ledger/metadata.ts';
import type { Metrics } from '../lib/metrics.ts';
import { Serial } from '../lib/serial.ts';
import type { Owners } from './owner.ts';
import { servedChain } from './served.ts';
import type { Session, SessionInput, SessionKey, Sessions } from './service.ts';
import { alwaysWatched, LiveSession, sessionId } from './session.ts';
import { MAX_LISTS_PER_REQUEST, type TokenLists } from './tokenlists.ts';
import type { Update } from './update.ts';

/** What sessions need of a chain. */
export interface WatchedChain {
  readonly network: Network;
  readonly ledger: Ledger;
  readonly owners: Owners;
  readonly tokens: Metadata;
}

interface SessionsOptions {
  readonly config: Pick<
    Config,
    'maxWatchedTokens' | 'maxClientsPerOwner' | 'sessionIdleTtlMs' | 'maxSessions' | 'maxWatchedPairs'
  >;
  readonly chains: ReadonlyMap<number, WatchedChain>;
  readonly lists: TokenLists;
  readonly metrics: Pick<Metrics, 'sessions' | 'sessionPairs' | 'refusals'>;
}

/** Sessions that nobody listens to go by themselves, and what they hold with them. */
const RETRY_SECONDS = 10;

/**
 * All sessions of this process, by (chain, owner, client id). The calls are asynchronous where only a store that
 * several processes share would make them wait: whoever calls need not change for one.
 */
export class LiveSessions implements Sessions, Disposable {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, LiveSession>();
  /** What is asked of one session takes effect in the order of asking, however long its lists take. */
  readonly #serial = new Serial<string>();
  /** That sessions hold; one that several hold counts in each, as it takes memory in each. */
  #pairs = 0;
  #draining = false;
  #stopped = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  async create(input: SessionInput, caller: string): Promise<Session> {
    return await this.#write(
      input,
      caller,
      () => this.#sessions.get(sessionId(input)) ?? this.#open(input, caller),
    );
  }

  async update(input: SessionInput, caller: string): Promise<Session> {
    this.#existing(input);
    return await this.#write(input, caller, () => this.#existing(input));
  }

  async find(key: SessionKey): Promise<Session | undefined> {
    this.#chain(key.chainId);
    return this.#sessions.get(sessionId(key))?.snapshot;
  }

  async stream(
    key: SessionKey,
    { after, signal }: { after?: string | undefined; signal: AbortSignal },
  ): Promise<AsyncIterableIterator<Update>> {
    // A refusal would be the last word to an EventSource; an end sends it to another process.
    if (this.#draining) return ended();
    const updates = this.#existing(key).stream(after);
    const end = () => void updates.return?.();
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return updates;
  }

  /** Ends every stream, now and as it comes; sessions are made, changed and found as before. */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions.values()) session.endStreams();
  }

  /** Ends every stream and forgets every session. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const session of this.#sessions.values()) session[Symbol.dispose]();
    this.#sessions.clear();
    this.#count(-this.#pairs);
  }

  async #write(input: SessionInput, caller: string, session: () => LiveSession): Promise<Session> {
    const fetched = this.#tokensOf(input, caller);
    // A list that hangs holds up nobody who shares the session: what is only added may be added in any order.
    if (input.clientId === null) await fetched;
    fetched.catch(() => {});
    return await this.#serial.run(sessionId(input), async () => {
      const tokens = await fetched;
      // From here to the end nothing waits: what was checked still holds when it is done.
      if (this.#stopped) throw new FatalError('SESSION_NOT_FOUND', 'the server is stopping');
      const alone = input.clientId !== null;
      const known = this.#sessions.get(sessionId(input));
      const count = known?.countWith(tokens, { alone }) ?? this.#countNew(input, tokens);
      this.#checkCount(count);
      const before = known?.tokens.size ?? 0;
      this.#checkRoom(count + this.#always(input).length - before);
      const live = session();
      if (alone) live.set(tokens);
      else live.add(tokens);
      live.touch();
      this.#count(live.tokens.size - before);
      return live.snapshot;
    });
  }

  async #tokensOf(
    { chainId, tokensListsUrls, customTokens }: SessionInput,
    caller: string,
  ): Promise<Address[]> {
    const { tokens } = this.#chain(chainId);
    if (tokensListsUrls.length > MAX_LISTS_PER_REQUEST)
      throw new FatalError(
        'BAD_USER_INPUT',
        `${tokensListsUrls.length} token lists exceed the limit of ${MAX_LISTS_PER_REQUEST} a request`,
      );
    const lists = await Promise.all(
      tokensListsUrls.map((url) => this.#options.lists.get(url, chainId, caller)),
    );
    const entries = lists.flat();
    for (const { address, logoURI } of entries) if (logoURI) tokens.learnLogo(address, logoURI);
    return [...new Set([...customTokens, ...entries.map(({ address }) => address)])];
  }

  #open(key: SessionKey, caller: string): LiveSession {
    const { chainId, owner, clientId } = key;
    const { ledger, owners } = this.#chain(chainId);
    if (clientId !== null) this.#makeRoom(key, caller);
    const { maxSessions } = this.#options.config;
    if (this.#sessions.size >= maxSessions) throw this.#full('sessions', maxSessions);
    const session = new LiveSession({
      key: { chainId, owner, clientId },
      caller,
      ledger,
      owners,
      always: this.#always(key),
      idleTtlMs: this.#options.config.sessionIdleTtlMs,
      expired: (expired) => this.#close(expired),
    });
    this.#sessions.set(sessionId(key), session);
    return session;
  }

  #close(session: LiveSession): void {
    const pairs = session.tokens.size;
    session[Symbol.dispose]();
    this.#sessions.delete(sessionId(session.key));
    this.#count(-pairs);
  }

  #count(pairs: number): void {
    const { metrics } = this.#options;
    this.#pairs += pairs;
    metrics.sessionPairs.set(this.#pairs);
    metrics.sessions.set(this.#sessions.size);
  }

  /** Sessions without a stream make room for a client more; clients that listen do not. */
  #makeRoom({ chainId, owner }: SessionKey, caller: string): void {
    const most = this.#options.config.maxClientsPerOwner;
    const clients = [...this.#sessions.values()].filter(
      ({ key, caller: theirs }) =>
        key.chainId === chainId && key.owner === owner && key.clientId !== null && theirs === caller,
    );
    if (clients.length < most) return;
    const idle = clients.find((session) => !session.isStreaming);
    if (!idle)
      throw new FatalError(
        'TOO_MANY_CLIENTS',
        `${most} clients of this wallet are streaming already, which is the limit`,
      );
    this.#close(idle);
  }

  #checkRoom(added: number): void {
    const { maxWatchedPairs } = this.#options.config;
    if (added > 0 && this.#pairs + added > maxWatchedPairs)
      throw this.#full('watched_pairs', maxWatchedPairs);
  }

  #full(what: 'sessions' | 'watched_pairs', most: number): RetryLaterError {
    this.#options.metrics.refusals.inc({ reason: what });
    const things = what === 'sessions' ? 'sessions' : 'pairs of a wallet and a token';
    return new RetryLaterError(
      'CAPACITY_EXCEEDED',
      `this server watches no more than ${most} ${things}: try again in ${RETRY_SECONDS} s`,
      RETRY_SECONDS,
    );
  }

  #always({ chainId }: SessionKey): readonly Address[] {
    return alwaysWatched(this.#chain(chainId).network.wrappedNative);
  }

  #countNew(key: SessionKey, tokens: readonly Address[]): number {
    const always = this.#always(key);
    return tokens.filter((token) => !always.includes(token)).length;
  }

  #checkCount(count: number): void {
    const most = this.#options.config.maxWatchedTokens;
    if (count > most)
      throw new FatalError(
        'TOKEN_LIMIT_EXCEEDED',
        `${count} tokens exceed the limit of ${most} tokens a session`,
      );
  }

  #existing(key: SessionKey): LiveSession {
    this.#chain(key.chainId);
    const session = this.#sessions.get(sessionId(key));
    if (!session)
      throw new FatalError(
        'SESSION_NOT_FOUND',
        `no session for ${key.owner} on chain ${key.chainId}${key.clientId ? ` and client ${key.clientId}` : ''}: ` +
          'it was not created, or has expired; create it first',
      );
    return session;
  }

  #chain(chainId: number): WatchedChain {
    return servedChain(this.#options.chains, chainId);
  }
}

async function* ended(): AsyncGenerator<never> {}
