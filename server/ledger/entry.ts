import type { Lineage } from '../chain/lineage.ts';
import type { Reading } from '../chain/multicall/reader.ts';
import type { Address, BlockRef, Hash } from '../chain/types.ts';

/** Why a value was read: first asked for, a log or a new block, a reconciliation, or blocks that were replaced. */
export type Cause = 'SUBSCRIBED' | 'EVENT' | 'RECONCILED' | 'REORG';

/** What the ledger says of one (owner, token) pair: always an absolute amount, never a difference. */
export interface Balance {
  readonly owner: Address;
  readonly token: Address;
  /** In the token's smallest unit; null where the token could not be read. */
  readonly amount: bigint | null;
  /** Why it could not be read; null where it could. */
  readonly reason: string | null;
  readonly previousAmount: bigint | null;
  /** Transactions that moved it to this amount, where they are known. */
  readonly transactions: readonly Hash[];
  /** Where this amount was first seen. */
  readonly block: BlockRef;
}

/** A balance with what the guard must know of it. */
export interface Entry {
  readonly balance: Balance;
  /** The block that the newest reading was pinned to. */
  readonly readAt: BlockRef;
  readonly cause: Cause;
}

export interface Arrival {
  readonly owner: Address;
  readonly token: Address;
  readonly reading: Reading;
  readonly pin: BlockRef;
  readonly cause: Cause;
  readonly transactions: readonly Hash[];
}

/**
 * - `orphaned`: read at a block that is not, or no longer, known as ours; says nothing, must be read again;
 * - `stale`: something newer is known already;
 * - `confirmed`: the same value, seen at a newer block;
 * - `changed`: another value, or the first one, or the same one after the block that it had changed in was replaced:
 *   whoever was told of that one must be told which holds now.
 */
export type Merge =
  | { readonly outcome: 'orphaned' }
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'confirmed'; readonly entry: Entry }
  | { readonly outcome: 'changed'; readonly entry: Entry };

/**
 * Merges a reading into what is known. Guarded by height and hash: a reading of a replaced block never counts,
 * one of an older block never undoes a newer one, and what was read at a block that has since been replaced
 * yields to any reading of our chain, a lower one included. That a block is old proves nothing here: after a leap
 * what was read in between is not remembered either, and a reading from before it must not come after that.
 */
export function merge(
  known: Entry | undefined,
  arrival: Arrival,
  lineage: Pick<Lineage, 'has' | 'isCanonical'>,
): Merge {
  const { owner, token, reading, pin, cause, transactions } = arrival;
  if (!lineage.has(pin.number, pin.hash)) return { outcome: 'orphaned' };
  const stands = known !== undefined && lineage.isCanonical(known.readAt);
  if (stands && known.readAt.number > pin.number) return { outcome: 'stale' };
  const amount = 'amount' in reading ? reading.amount : null;
  const reason = 'amount' in reading ? null : reading.unreadable;
  if (known && known.balance.amount === amount && known.balance.reason === reason) {
    // Where it was first seen must be a block that exists, and so must what moved it.
    if (cause !== 'REORG' || lineage.isCanonical(known.balance.block))
      return { outcome: 'confirmed', entry: { ...known, readAt: pin } };
    const balance = { ...known.balance, block: pin, transactions };
    // A first value says where it was read, and very many may have been read there.
    if (known.cause === 'SUBSCRIBED' && transactions.length === 0)
      return { outcome: 'confirmed', entry: { ...known, balance, readAt: pin } };
    return {
      outcome: 'changed',
      entry: { balance: { ...balance, previousAmount: amount }, readAt: pin, cause },
    };
  }
  return {
    outcome: 'changed',
    entry: {
      balance: {
        owner,
        token,
        amount,
        reason,
        previousAmount: known?.balance.amount ?? null,
        transactions,
        block: pin,
      },
      readAt: pin,
      cause: known ? cause : 'SUBSCRIBED',
    },
  };
}
