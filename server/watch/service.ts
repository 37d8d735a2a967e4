import type { Network } from '../chain/networks.ts';
import type { EndpointHealth } from '../chain/rpc/pool.ts';
import type { Address, BlockRef } from '../chain/types.ts';
import type { Balance } from '../ledger/entry.ts';
import type { BlockTag } from '../ledger/lookup.ts';
import type { TokenMetadata } from '../ledger/metadata.ts';
import type { ConditionKind, Updates } from './update.ts';

/** What the doors (delivery) are given to open onto. */
export interface Service {
  readonly chains: ReadonlyMap<number, ServedChain>;
  readonly defaultChainId: number;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly wallets: Wallets;
}

export type { BlockTag };

export interface ServedChain {
  readonly network: Network;
  /** Newest block processed; undefined until the first one was. */
  head(): BlockRef | undefined;
  health(): ChainHealth;
  /** One-off read: calls that arrive together share one Multicall3 read. Throws UPSTREAM_UNAVAILABLE. */
  balance(owner: Address, token: Address, at?: BlockTag): Promise<Balance>;
  /** At once where it is known already. Never rejects: what cannot be had is null. */
  metadata(token: Address): TokenMetadata | Promise<TokenMetadata>;
  /**
   * The chain as it grows: where it stands at once, then whenever that changes. Who reads slowly gets fewer updates,
   * and no reorganisation less: several are told as one. The first update waits a second at the most for the endpoints'
   * word on what is safe and final, and none before a first block. Ends when the signal aborts or the service stops.
   */
  follow(signal: AbortSignal): AsyncIterableIterator<ChainUpdate>;
}

export interface ChainUpdate {
  readonly chainId: number;
  /** Newest block processed. */
  readonly head: BlockRef;
  /** Null where the chain's endpoints do not say. */
  readonly safe: BlockRef | null;
  readonly finalized: BlockRef | null;
  /** That led to this head; null where the chain only grew. */
  readonly reorg: Reorg | null;
}

export interface Reorg {
  /** How many blocks were replaced. */
  readonly depth: number;
  /** The head before it, which is no longer of the chain, and the head after it. */
  readonly from: BlockRef;
  readonly to: BlockRef;
}

export interface ChainHealth {
  readonly chainId: number;
  readonly name: string;
  /** Whether balances of this chain are being delivered as of now. */
  readonly healthy: boolean;
  readonly head: BlockRef | null;
  /** Since a head was last heard, and by how much the newest processed is older than that; null before the first. */
  readonly lagMs: number | null;
  /** Where heads come from at the moment. */
  readonly heads: 'socket' | 'polling' | 'none';
  /** Blocks announced but not processed yet. */
  readonly lagBlocks: number;
  readonly pendingTouches: number;
  /** How long ago the value was read that was confirmed longest ago; zero where nothing is watched. */
  readonly oldestConfirmationMs: number;
  readonly endpoints: readonly EndpointHealth[];
  /** Credentials and query strings are cut out. */
  readonly lastError: string | null;
}

export interface SessionKey {
  readonly chainId: number;
  readonly owner: Address;
  /** A UUID in lower case; null: all devices of the wallet share one list. */
  readonly clientId: string | null;
}

export interface TokensAsked {
  readonly chainId: number;
  readonly tokensListsUrls: readonly string[];
  readonly customTokens: readonly Address[];
}

export interface SessionInput extends SessionKey, TokensAsked {
  /** Whose allowances of the watched tokens are watched, too; undefined: as they are. */
  readonly spenders?: readonly Address[] | undefined;
}

export interface Session extends SessionKey {
  /** Every watched token, the native coin and its wrapped token included. */
  readonly tokens: readonly Address[];
  readonly spenders: readonly Address[];
  /** When it goes if no stream is opened; null while one is open. */
  readonly expiresAt: Date | null;
}

/** Who asks. */
export interface Caller {
  /** Key or client address, for limits that are per caller. */
  readonly id: string;
  readonly address: string;
}

export interface Tokens {
  /**
   * What a session that is asked for these would watch, each token once: the native coin and its wrapped token, those
   * of the lists on that chain, and the custom ones. Throws CHAIN_NOT_SERVED, BAD_USER_INPUT, TOKEN_LIMIT_EXCEEDED,
   * TOKEN_LIST_*.
   */
  of(asked: TokensAsked, caller: Caller): Promise<readonly Address[]>;
}

export interface Sessions {
  /**
   * Without a client id tokens are added to the wallet's shared list, with one they become that client's list.
   * Throws RATE_LIMITED past the address's share of what is watched, CAPACITY_EXCEEDED past what there is room for;
   * CHAIN_NOT_SERVED, BAD_USER_INPUT, TOKEN_LIMIT_EXCEEDED, TOO_MANY_CLIENTS, TOKEN_LIST_*.
   */
  create(input: SessionInput, caller: Caller): Promise<Session>;
  /** As create, but throws SESSION_NOT_FOUND where there is none. */
  update(input: SessionInput, caller: Caller): Promise<Session>;
  find(key: SessionKey): Promise<Session | undefined>;
  /**
   * Opens a stream: a full snapshot first, or, after a cursor that can be resumed from, only what changed since.
   * Throws SESSION_NOT_FOUND before the first update. Ends when the signal aborts or the service stops.
   */
  stream(key: SessionKey, options: { after?: string | undefined; signal: AbortSignal }): Promise<Updates>;
}

/** Tokens of one wallet on one chain, for a stream of many. */
export interface WalletItem {
  readonly chainId: number;
  readonly owner: Address;
  readonly tokens: readonly Address[];
  /** With any, only balances that cross one are sent after the snapshot. */
  readonly conditions: readonly Condition[];
}

export interface Condition {
  /** One of the item's. */
  readonly token: Address;
  readonly kind: ConditionKind;
  /** In the token's smallest unit. */
  readonly amount: bigint;
}

export interface Wallets {
  /**
   * Opens a stream of many wallets on any of the chains, without a session: for each chain a snapshot, then what
   * changed, each update of one chain, and the cursor of all. Items of the same wallet are one.
   * Throws CHAIN_NOT_SERVED, BAD_USER_INPUT, TOKEN_LIMIT_EXCEEDED (MAX_PAIRS_PER_STREAM), RATE_LIMITED,
   * CAPACITY_EXCEEDED. Ends when the signal aborts or the service stops.
   */
  stream(
    items: readonly WalletItem[],
    options: { after?: string | undefined; caller: Caller; signal: AbortSignal },
  ): Promise<Updates>;
}
