import type { Address, BlockRef } from '../chain/types.ts';
import type { Balance, Cause } from '../ledger/entry.ts';

export type UpdateCause = Cause | 'SESSION_CHANGED';

/** What a subscriber gets: everything once, from then on what changed. Every door encodes this. */
export interface Update {
  readonly kind: 'SNAPSHOT' | 'DIFF';
  readonly cause: UpdateCause;
  /** Opaque; give it back to resume after this update. */
  readonly cursor: string;
  readonly chainId: number;
  /** As of which the update is true. */
  readonly block: BlockRef;
  readonly balances: readonly Balance[];
  /** Tokens no longer in the session. */
  readonly removed: readonly Address[];
  /** By performance.now(): when the block that caused it was announced; null where no new block did. */
  readonly announcedAtMs: number | null;
}
