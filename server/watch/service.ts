import type { Network } from '../chain/networks.ts';
import type { EndpointHealth } from '../chain/rpc/pool.ts';
import type { Address, BlockRef } from '../chain/types.ts';
import type { Balance } from '../ledger/entry.ts';
import type { BlockTag } from '../ledger/lookup.ts';
import type { TokenMetadata } from '../ledger/metadata.ts';
import type { Update } from './update.ts';

/** What the doors (delivery) are given to open onto. */
export interface Service {
  readonly chains: ReadonlyMap<number, ServedChain>;
  readonly defaultChainId: number;
  readonly sessions: Sessions;
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

export interface SessionInput extends SessionKey {
  readonly tokensListsUrls: readonly string[];
  readonly customTokens: readonly Address[];
}

export interface Session extends SessionKey {
  /** Every watched token, the native coin and its wrapped token included. */
  readonly tokens: readonly Address[];
  /** When it goes if no stream is opened; null while one is open. */
  readonly expiresAt: Date | null;
}

export interface Sessions {
  /**
   * Without a client id tokens are added to the wallet's shared list, with one they become that client's list.
   * `caller` is who asks (key or client address), for MAX_CLIENTS_PER_OWNER.
   * Throws CHAIN_NOT_SERVED, BAD_USER_INPUT, TOKEN_LIMIT_EXCEEDED, TOO_MANY_CLIENTS, TOKEN_LIST_*.
   */
  create(input: SessionInput, caller: string): Promise<Session>;
  /** As create, but throws SESSION_NOT_FOUND where there is none. */
  update(input: SessionInput, caller: string): Promise<Session>;
  find(key: SessionKey): Promise<Session | undefined>;
  /**
   * Opens a stream: a full snapshot first, or, after a cursor that can be resumed from, only what changed since.
   * Throws SESSION_NOT_FOUND before the first update. Ends when the signal aborts or the service stops.
   */
  stream(
    key: SessionKey,
    options: { after?: string | undefined; signal: AbortSignal },
  ): Promise<AsyncIterableIterator<Update>>;
}
