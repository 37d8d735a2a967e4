import { createHash } from 'node:crypto';
import type { Network } from '../chain/networks.ts';
import type { Address } from '../chain/types.ts';
import type { Config } from '../config.ts';
import { FatalError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Metadata } from '../ledger/metadata.ts';
import { Serial } from '../lib/serial.ts';
import { Holdings } from './holdings.ts';
import type { Owners } from './owner.ts';
import type { Room } from './room.ts';
import { servedChain } from './served.ts';
import type { Caller, Session, SessionInput, SessionKey, Sessions } from './service.ts';
import { type Contents, LiveSession, pairCount, sessionId } from './session.ts';
import type { SessionTokens } from './session-tokens.ts';
import { UpdateStream } from './stream.ts';
import type { Updates } from './update.ts';
import { Watch } from './watch.ts';

/** Of one session: each of them is a read more for every token. */
export const MAX_SPENDERS = 10;

/** What sessions need of a chain. */
export interface WatchedChain {
  readonly network: Network;
  readonly ledger: Ledger;
  readonly owners: Owners;
  readonly tokens: Metadata;
}

interface SessionsOptions {
  readonly config: Pick<Config, 'maxClientsPerOwner' | 'sessionIdleTtlMs'>;
  readonly chains: ReadonlyMap<number, WatchedChain>;
  readonly tokens: SessionTokens;
  readonly room: Room;
}

/**
 * All sessions of this process, by (chain, owner, client id). The calls are asynchronous where only a store that
 * several processes share would make them wait: whoever calls need not change for one.
 */
export class LiveSessions implements Sessions, Disposable {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, LiveSession>();
  /** What is asked of one session takes effect in the order of asking, however long its lists take. */
  readonly #serial = new Serial<string>();
  #draining = false;
  #stopped = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  async create(input: SessionInput, caller: Caller): Promise<Session> {
    return await this.#write(
      input,
      caller,
      () => this.#sessions.get(sessionId(input)) ?? this.#open(input, caller),
    );
  }

  async update(input: SessionInput, caller: Caller): Promise<Session> {
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
  ): Promise<Updates> {
    // A refusal would be the last word to an EventSource; an end sends it to another process.
    if (this.#draining) return UpdateStream.ended();
    const { holdings } = this.#existing(key);
    return new UpdateStream((listener) => [new Watch({ holdings, after, ...listener })], signal);
  }

  /** Ends every stream, now and as it comes; sessions are made, changed and found as before. */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions.values()) session.holdings.endStreams();
  }

  /** Ends every stream and forgets every session. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const session of this.#sessions.values()) this.#close(session);
  }

  async #write(input: SessionInput, caller: Caller, session: () => LiveSession): Promise<Session> {
    const fetched = this.#options.tokens.named(input, caller);
    // A list that hangs holds up nobody who shares the session: what is only added may be added in any order.
    if (input.clientId === null) await fetched;
    fetched.catch(() => {});
    return await this.#serial.run(sessionId(input), async () => {
      const tokens = await fetched;
      // From here to the end nothing waits: what was checked still holds when it is done.
      if (this.#stopped) throw new FatalError('SESSION_NOT_FOUND', 'the server is stopping');
      const known = this.#sessions.get(sessionId(input));
      const contents = this.#contentsAfter(known?.contents, input, tokens);
      this.#check(contents, input);
      const before = known ? pairCount(known.contents) : 0;
      const after = pairCount(contents);
      const { address } = caller;
      const moved = known && known.address !== address ? before : 0;
      const { room } = this.#options;
      room.check({ pairs: after - before, moved, address });
      const live = session();
      live.set(contents);
      live.holdings.touch();
      room.count({ pairs: -before, address: live.address });
      live.address = address;
      room.count({ pairs: after, address });
      return live.snapshot;
    });
  }

  /** A client's own list is what was given last, in the order that it had; what all share only grows. */
  #contentsAfter(known: Contents | undefined, input: SessionInput, tokens: readonly Address[]): Contents {
    const isShared = input.clientId === null;
    const after = (had: ReadonlySet<Address> = new Set(), given: readonly Address[]) => {
      const wanted = new Set(given);
      return new Set([...[...had].filter((one) => isShared || wanted.has(one)), ...given]);
    };
    return {
      tokens: after(known?.tokens, [...this.#options.tokens.always(input.chainId), ...tokens]),
      spenders: input.spenders ? after(known?.spenders, input.spenders) : (known?.spenders ?? new Set()),
    };
  }

  #open(key: SessionKey, caller: Caller): LiveSession {
    const { chainId, owner, clientId } = key;
    const { ledger, owners } = this.#chain(chainId);
    if (clientId !== null) this.#makeRoom(key, caller);
    const { room, config } = this.#options;
    room.check({ holders: 1, address: caller.address });
    const id = sessionId(key);
    const holdings = new Holdings({
      chainId,
      name: createHash('sha256').update(id).digest('hex').slice(0, 16),
      ledger,
      owners,
      idleTtlMs: config.sessionIdleTtlMs,
      expired: () => this.#close(session),
    });
    const session = new LiveSession({ key: { chainId, owner, clientId }, caller, holdings });
    this.#sessions.set(id, session);
    room.count({ holders: 1, address: caller.address });
    return session;
  }

  #close(session: LiveSession): void {
    session[Symbol.dispose]();
    this.#sessions.delete(sessionId(session.key));
    const { contents, address } = session;
    this.#options.room.count({ holders: -1, pairs: -pairCount(contents), address });
  }

  /** Sessions without a stream make room for a client more; clients that listen do not. */
  #makeRoom({ chainId, owner }: SessionKey, caller: Caller): void {
    const most = this.#options.config.maxClientsPerOwner;
    const clients = [...this.#sessions.values()].filter(
      ({ key, caller: theirs }) =>
        key.chainId === chainId && key.owner === owner && key.clientId !== null && theirs.id === caller.id,
    );
    if (clients.length < most) return;
    const idle = clients.find(({ holdings }) => !holdings.isStreaming);
    if (!idle)
      throw new FatalError(
        'TOO_MANY_CLIENTS',
        `${most} clients of this wallet are streaming already, which is the limit`,
      );
    this.#close(idle);
  }

  #check({ tokens, spenders }: Contents, { chainId }: SessionKey): void {
    this.#options.tokens.check(chainId, tokens);
    if (spenders.size > MAX_SPENDERS)
      throw new FatalError(
        'TOKEN_LIMIT_EXCEEDED',
        `${spenders.size} spenders exceed the limit of ${MAX_SPENDERS} a session`,
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
