import type { BlockRef, Hash } from '../chain/types.ts';
import type { Balance, Entry } from '../ledger/entry.ts';
import { union, type WatchedPair } from '../ledger/pair.ts';
import type { UpdateCause } from './update.ts';

/** A change of one token, as one subscriber has to be told of it. */
export interface News {
  /** What the subscriber holds; undefined where it holds nothing. */
  readonly held: Balance | undefined;
  readonly cause: UpdateCause;
  /** The ledger's sequence number of the change. */
  readonly seq: number;
}

/** What one token has gone through since the subscriber was last told of it. */
export interface Unsent {
  readonly pair: WatchedPair;
  readonly held: Balance | undefined;
  readonly cause: UpdateCause;
  readonly transactions: readonly Hash[];
  /** The block that has them, or comes after those that do. */
  readonly block: BlockRef | undefined;
  /** The sequence number before which the subscriber knows all of this token. */
  readonly firstSeq: number;
  /** One change alone: the ledger's own balance can be sent as it is. */
  readonly single: boolean;
}

/** Whether a block is of our chain. */
type Stands = (block: BlockRef) => boolean;

/** Adds a change to what waits already: the newest value, everything that led to it, from what is held. */
export function withNews(
  waiting: Unsent | undefined,
  pair: WatchedPair,
  { held, cause, seq }: News,
  stands: Stands,
): Unsent {
  const { transactions = [], previousAmount = null, block } = pair.entry?.balance ?? {};
  if (!waiting)
    return {
      pair,
      held,
      cause,
      transactions,
      block,
      firstSeq: seq,
      single: (held?.amount ?? null) === previousAmount,
    };
  // What was in a block that a reorganisation replaced has led to nothing.
  const isLost = cause === 'REORG' && waiting.block !== undefined && !stands(waiting.block);
  return {
    ...waiting,
    // A token that came into view is news as a whole, whatever has moved it since.
    cause: waiting.cause === 'SESSION_CHANGED' ? waiting.cause : cause,
    transactions: isLost ? transactions : union(waiting.transactions, transactions),
    block,
    single: false,
  };
}

/**
 * A value that went away and came back before it was sent is what the subscriber holds, unless the block that it was
 * told of was replaced meanwhile.
 */
export function isHeld({ held }: Unsent, { balance }: Entry, stands: Stands): boolean {
  const isSame = held?.amount === balance.amount && held.reason === balance.reason;
  return isSame && stands(held.block);
}

export function balanceToSend({ single, held, transactions }: Unsent, { balance }: Entry): Balance {
  return single ? balance : { ...balance, previousAmount: held?.amount ?? null, transactions };
}
