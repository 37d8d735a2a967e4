import type { BalancesError } from '../errors.ts';
import type { Address, Allowance, Block, UpdateCause, UpdateKind, WatchedBalance } from '../types.ts';

/** Tokens of one wallet that somebody wants to follow, as they were asked for. */
export interface Demand {
  readonly chainId: number;
  readonly owner: Address;
  readonly tokensListsUrls: readonly string[];
  readonly customTokens: readonly (Address | 'native')[];
  readonly spenders: readonly Address[];
}

/**
 * A step of one wallet, of nothing but what was asked for. The first one that a follower is told is a `SNAPSHOT`, and so
 * is the first after whatever it cannot be told step by step. Can be cloned from tab to tab.
 */
export interface WalletUpdate {
  /** `SNAPSHOT`: replaces all. `DIFF`: sets `balances` and `allowances`, deletes `removed`. */
  readonly kind: UpdateKind;
  readonly cause: UpdateCause;
  /** As of which this is true. */
  readonly block: Block;
  readonly balances: readonly WatchedBalance[];
  readonly allowances: readonly Allowance[];
  /** Tokens that are no longer watched. */
  readonly removed: readonly Address[];
  /** `rpc` where the service is away and balances are polled from a node. */
  readonly via: Via;
}

export type Via = 'service' | 'rpc';

/** How things stand between a follower and where the updates come from. */
export interface Connection {
  /**
   * `connecting`: nothing was told yet. `live`: all that is known is true. `stale`: it was, and is not any more as far
   * as anybody knows; it is being tried again. `failed`: it was refused, and trying again cannot mend it.
   */
  readonly state: 'connecting' | 'live' | 'stale' | 'failed';
  /** Attempts that failed since it was last live. */
  readonly retries: number;
  /** What the last of them died of, or why it was refused; null while live. */
  readonly error: BalancesError | null;
  /** `rpc` while the service is away and balances are polled from a node. */
  readonly via: Via;
}

export interface Follower {
  /** Whoever is told an update is live, by that alone. */
  update(update: WalletUpdate): void;
  connection(connection: Connection): void;
}

/**
 * Where watches get their updates: a connection of this client's own, or one that it shares with other tabs.
 * Implementations call followers in the order of events, never from within `follow`, and never after it was ended.
 */
export interface Source {
  /** Tells the follower of what the demand names until the function that is returned is called. */
  follow(demand: Demand, follower: Follower): () => void;
  /** Ends everything. */
  dispose(): void;
}
