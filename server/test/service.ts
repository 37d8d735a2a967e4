import { type Network, networkOf } from '../chain/networks.ts';
import { type Address, type BlockRef, type Hash, NATIVE } from '../chain/types.ts';
import { FatalError, RetryableError } from '../errors.ts';
import type { Balance } from '../ledger/entry.ts';
import type { TokenMetadata } from '../ledger/metadata.ts';
import type { ServedChain, Service, Session, SessionInput, SessionKey, Sessions } from '../watch/service.ts';
import type { Update } from '../watch/update.ts';

/**
 * A service whose every answer is scripted, for what only a door's protocol decides. What balances are is
 * tested on a real chain.
 */
export class ScriptedService implements Service {
  readonly chains: ReadonlyMap<number, ServedChain>;
  readonly defaultChainId = 1;
  readonly sessions: Sessions = {
    create: async (input) => this.#create(input),
    update: async (input) => {
      this.#session(input);
      return this.#create(input);
    },
    find: async (key) => this.#sessions.get(keyOf(key)),
    stream: async (key, { after, signal }) => {
      const stream = new ScriptedStream(this.#session(key), after, signal);
      this.streams.add(stream);
      signal.addEventListener('abort', () => this.streams.delete(stream), { once: true });
      return stream;
    },
  };
  /** What chains answer; null: unreadable. A token without an entry is one whose endpoint is away. */
  readonly amounts = new Map<Address, bigint | null>();
  readonly metadata = new Map<Address, TokenMetadata>();
  readonly streams = new Set<ScriptedStream>();
  readonly #sessions = new Map<string, Session>();

  constructor(...networks: Network[]) {
    const served = networks.length > 0 ? networks : [ethereum()];
    this.chains = new Map(served.map((network) => [network.id, this.#chain(network)]));
  }

  /** Forgets every session and ends every stream, as a restart does. */
  restart(): void {
    this.#sessions.clear();
    for (const stream of this.streams) stream.end();
  }

  #session(key: SessionKey): Session {
    const session = this.#sessions.get(keyOf(key));
    if (!session) throw new FatalError('SESSION_NOT_FOUND', 'no session: create one first');
    return session;
  }

  #create({ customTokens, ...key }: SessionInput): Session {
    const { chainId, owner, clientId } = key;
    const known = (clientId === null && this.#sessions.get(keyOf(key))?.tokens) || [NATIVE];
    const tokens = [...new Set([...known, ...customTokens])];
    const session = { chainId, owner, clientId, tokens, expiresAt: new Date(0) };
    this.#sessions.set(keyOf(key), session);
    return session;
  }

  #chain(network: Network): ServedChain {
    return {
      network,
      head: () => blockAt(7),
      health: () => ({
        chainId: network.id,
        name: network.name,
        healthy: true,
        head: blockAt(7),
        lagMs: 0,
        heads: 'socket',
        lagBlocks: 0,
        pendingTouches: 0,
        oldestConfirmationMs: 0,
        endpoints: [],
        lastError: null,
      }),
      balance: async (owner, token) => {
        const amount = this.amounts.get(token);
        if (amount === undefined) throw new RetryableError('UPSTREAM_UNAVAILABLE', 'no endpoint answers');
        return balanceOf(owner, token, amount);
      },
      metadata: (token) =>
        this.metadata.get(token) ?? { symbol: null, name: null, decimals: null, logoURI: null },
    };
  }
}

/** One subscriber's end of a scripted stream. */
export class ScriptedStream implements AsyncIterableIterator<Update> {
  readonly session: Session;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  readonly #waiting: Update[] = [];
  #error: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(session: Session, after: string | undefined, signal: AbortSignal) {
    this.session = session;
    this.after = after;
    this.signal = signal;
    signal.addEventListener('abort', () => this.end(), { once: true });
  }

  /** Updates that nobody has taken yet. */
  get backlog(): number {
    return this.#waiting.length;
  }

  push(...updates: Update[]): void {
    this.#waiting.push(...updates);
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#error = error;
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Update>> {
    while (this.#waiting.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const value = this.#waiting.shift();
    if (value) return { done: false, value };
    if (this.#error) throw this.#error;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

export function ethereum(): Network {
  const network = networkOf(1);
  if (!network) throw new Error('viem knows Ethereum');
  return network;
}

export function blockAt(number: number): BlockRef {
  return { number, hash: `0x${number.toString(16).padStart(64, '0')}` as Hash, timestamp: 1_700_000_000 };
}

export function balanceOf(owner: Address, token: Address, amount: bigint | null): Balance {
  const reason = amount === null ? 'balanceOf reverted' : null;
  return { owner, token, amount, reason, previousAmount: null, transactions: [], block: blockAt(7) };
}

/** An update of one session; what is not said is a diff by an event at block 7. */
export function updateOf(
  { chainId, owner }: Pick<Session, 'chainId' | 'owner'>,
  cursor: string,
  amounts: Readonly<Record<Address, bigint | null>>,
  rest: Partial<Update> = {},
): Update {
  const balances = Object.entries(amounts).map(([token, amount]) =>
    balanceOf(owner, token as Address, amount),
  );
  return {
    kind: 'DIFF',
    cause: 'EVENT',
    cursor,
    chainId,
    block: blockAt(7),
    balances,
    removed: [],
    announcedAtMs: null,
    ...rest,
  };
}

function keyOf({ chainId, owner, clientId }: SessionKey): string {
  return `${chainId} ${owner} ${clientId}`;
}
