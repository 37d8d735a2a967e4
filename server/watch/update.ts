import type { Address, BlockRef, Hash } from '../chain/types.ts';
import type { Balance, Cause } from '../ledger/entry.ts';

export type UpdateCause = Cause | 'SESSION_CHANGED';

/**
 * What a subscriber may ask to be told of alone: that a balance fell below an amount, rose above it, or moved by more
 * than it since the subscriber was last told of it.
 */
export type ConditionKind = 'BELOW' | 'ABOVE' | 'CHANGE_OVER';

export interface UpdatedBalance extends Balance {
  /** Left out where the subscriber made no condition, as for nearly all of them. */
  readonly crossed?: readonly ConditionKind[];
}

/** How much of a wallet's token somebody else may spend: always the absolute amount. One that cannot be read is left out. */
export interface Allowance {
  readonly owner: Address;
  readonly token: Address;
  readonly spender: Address;
  /** In the token's smallest unit. */
  readonly amount: bigint;
  readonly previousAmount: bigint | null;
  /** Transactions that moved it to this amount, where they are known. */
  readonly transactions: readonly Hash[];
  /** Where this amount was first seen. */
  readonly block: BlockRef;
}

/** A subscriber's updates. */
export interface Updates extends AsyncIterableIterator<Update> {
  /** Chains of which it has now been told all that there is to tell; each is named once. */
  caughtUp(): readonly number[];
}

/** What a subscriber gets: everything once, from then on what changed. Every door encodes this. */
export interface Update {
  readonly kind: 'SNAPSHOT' | 'DIFF';
  readonly cause: UpdateCause;
  /** Opaque; give it back to resume after this update. */
  readonly cursor: string;
  readonly chainId: number;
  /** As of which the update is true. */
  readonly block: BlockRef;
  readonly balances: readonly UpdatedBalance[];
  /** To the spenders that were asked for, in a snapshot all of them. */
  readonly allowances: readonly Allowance[];
  /** Tokens no longer in the session. */
  readonly removed: readonly Address[];
  /** By performance.now(): when the block that caused it was announced; null where no new block did. */
  readonly announcedAtMs: number | null;
}
