import { type Network, networkOf } from '../chain/networks.ts';
import { type Address, type BlockRef, type Hash, NATIVE } from '../chain/types.ts';
import { FatalError, RetryableError } from '../errors.ts';
import type { Balance } from '../ledger/entry.ts';
import type { TokenMetadata } from '../ledger/metadata.ts';
import type {
  Caller,
  ChainUpdate,
  ServedChain,
  Service,
  Session,
  SessionInput,
  SessionKey,
  Sessions,
  Tokens,
  WalletItem,
  Wallets,
} from '../watch/service.ts';
import type { Update } from '../watch/update.ts';

/** Who asks, where nobody looks. */
export const SOMEONE: Caller = { id: 'someone', address: '127.0.0.1' };

/**
 * A service whose every answer is scripted, for what only a door's protocol decides. What balances are is
 * tested on a real chain.
 */
export class ScriptedService implements Service {
  readonly chains: ReadonlyMap<number, ServedChain>;
  readonly defaultChainId = 1;
  readonly tokens: Tokens = {
    of: async ({ customTokens }) => [...new Set([NATIVE, ...customTokens])],
  };
  readonly sessions: Sessions = {
    create: async (input) => this.#create(input),
    update: async (input) => {
      this.#session(input);
      return this.#create(input);
    },
    find: async (key) => this.#sessions.get(keyOf(key)),
    stream: async (key, options) =>
      this.#open(new ScriptedStream<Session>(this.#session(key), options, [key.chainId]), this.streams),
  };
  readonly wallets: Wallets = {
    stream: async (items, options) =>
      this.#open(
        new ScriptedStream<readonly WalletItem[]>(
          items,
          options,
          items.map(({ chainId }) => chainId),
        ),
        this.walletStreams,
      ),
  };
  /** Whether streams that are opened now have more to tell than they are given at once. */
  isBehind = false;
  /** What chains answer; null: unreadable. A token without an entry is one whose endpoint is away. */
  readonly amounts = new Map<Address, bigint | null>();
  readonly metadata = new Map<Address, TokenMetadata>();
  readonly streams = new Set<ScriptedStream>();
  readonly walletStreams = new Set<ScriptedStream<readonly WalletItem[]>>();
  readonly chainStreams = new Set<ScriptedStream<number, ChainUpdate>>();
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

  #open<S extends ScriptedStream<unknown, unknown>>(stream: S, streams: Set<S>): S {
    streams.add(stream);
    stream.isBehind = this.isBehind;
    stream.signal.addEventListener('abort', () => streams.delete(stream), { once: true });
    return stream;
  }

  #session(key: SessionKey): Session {
    const session = this.#sessions.get(keyOf(key));
    if (!session) throw new FatalError('SESSION_NOT_FOUND', 'no session: create one first');
    return session;
  }

  #create({ customTokens, ...input }: SessionInput): Session {
    const { chainId, owner, clientId } = input;
    const before = this.#sessions.get(keyOf(input));
    const known = (clientId === null && before?.tokens) || [NATIVE];
    const tokens = [...new Set([...known, ...customTokens])];
    const spenders = input.spenders ?? before?.spenders ?? [];
    const session = { chainId, owner, clientId, tokens, spenders, expiresAt: new Date(0) };
    this.#sessions.set(keyOf(input), session);
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
      follow: (signal) =>
        this.#open(new ScriptedStream<number, ChainUpdate>(network.id, { signal }), this.chainStreams),
    };
  }
}

/** One subscriber's end of a scripted stream: of a session, of wallets or of a chain. */
export class ScriptedStream<Of = Session, Said = Update> implements AsyncIterableIterator<Said> {
  readonly of: Of;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  readonly #waiting: Said[] = [];
  #error: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** Chains of which it has not said yet that all was told. */
  readonly #behind: Set<number>;
  /** While it is so nothing is all. */
  isBehind = false;

  constructor(
    of: Of,
    { after, signal }: { after?: string | undefined; signal: AbortSignal },
    chains: readonly number[] = [],
  ) {
    this.of = of;
    this.#behind = new Set(chains);
    this.after = after;
    this.signal = signal;
    signal.addEventListener('abort', () => this.end(), { once: true });
  }

  /** Updates that nobody has taken yet. */
  get backlog(): number {
    return this.#waiting.length;
  }

  caughtUp(): readonly number[] {
    if (this.isBehind || this.#waiting.length > 0) return [];
    const chains = [...this.#behind];
    this.#behind.clear();
    return chains;
  }

  push(...updates: Said[]): void {
    this.#waiting.push(...updates);
    this.#wake?.();
  }

  end(error?: Error): void {
    this.#error = error;
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Said>> {
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
    allowances: [],
    removed: [],
    announcedAtMs: null,
    ...rest,
  };
}

function keyOf({ chainId, owner, clientId }: SessionKey): string {
  return `${chainId} ${owner} ${clientId}`;
}
