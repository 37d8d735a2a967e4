import type { Address, Hash } from '../chain/types.ts';
import type { Cause, Entry } from './entry.ts';
import { Turn } from './turns.ts';

/** A transaction that touched a pair, and the height of its block. */
export interface TouchedBy {
  readonly transaction: Hash;
  readonly height: number;
}

/** That a pair must be read at some height or above. Kept until a value read there was merged. */
export interface Unsettled {
  readonly cause: Cause;
  /** The lowest height from which on the known value may be wrong. */
  readonly from: number;
  /** The height that a reading must have reached. */
  readonly through: number;
  readonly by: readonly TouchedBy[];
  /** The height of a reading that was had, and is merged as soon as it is known what it is due to. */
  readonly heldAt?: number | undefined;
}

/** One watched (owner, token), or allowance of it: the unit that is touched, read, merged and announced. */
export interface WatchedPair {
  readonly owner: Address;
  readonly token: Address;
  /** Whose allowance it is; undefined: it is the wallet's balance. */
  readonly spender: Address | undefined;
  entry: Entry | undefined;
  unsettled: Unsettled | undefined;
  /** The ledger's sequence number when the entry last changed. */
  changedSeq: number;
  /** When a reading was last merged, changed or not; written by `confirmations` alone. */
  confirmedTick: number;
  /** Where it stands among those that wait to be reconciled. */
  readonly turn: Turn;
}

export function newPair(owner: Address, token: Address, spender?: Address): WatchedPair {
  return {
    owner,
    token,
    spender,
    entry: undefined,
    unsettled: undefined,
    changedSeq: 0,
    confirmedTick: 0,
    turn: new Turn(),
  };
}

/** More transactions than this in one change say nothing that anybody would read. */
export const MOST_TRANSACTIONS = 100;

const RANK: Readonly<Record<Cause, number>> = { SUBSCRIBED: 0, RECONCILED: 1, EVENT: 2, REORG: 3 };

/** Both demands in one; the cause that tells more wins. */
export function combine(known: Unsettled | undefined, next: Unsettled): Unsettled {
  if (!known) return next;
  return {
    cause: RANK[next.cause] > RANK[known.cause] ? next.cause : known.cause,
    from: Math.min(known.from, next.from),
    through: Math.max(known.through, next.through),
    by: next.by.length === 0 ? known.by : [...known.by, ...next.by].slice(0, MOST_TRANSACTIONS),
    heldAt: known.heldAt,
  };
}

/** Whether it must be read: not where a reading that is high enough was had and is only not merged yet. */
export function isDue({ unsettled }: WatchedPair): boolean {
  return unsettled !== undefined && (unsettled.heldAt ?? -1) < unsettled.through;
}

/** What is left of a demand after a reading at a height that is not yet enough. */
export function remaining(demand: Unsettled, height: number): Unsettled {
  return {
    ...demand,
    from: Math.max(demand.from, height + 1),
    by: demand.by.filter((touch) => touch.height > height),
  };
}

/** The transactions up to a height, in order of arrival, each once. */
export function transactionsThrough(by: readonly TouchedBy[], height: number): readonly Hash[] {
  if (by.length === 0) return [];
  return [...new Set(by.filter((touch) => touch.height <= height).map((touch) => touch.transaction))];
}

/** In order of arrival, each once. */
export function union(first: readonly Hash[], second: readonly Hash[]): readonly Hash[] {
  if (second.length === 0) return first;
  if (first.length === 0) return second;
  return [...new Set([...first, ...second])].slice(0, MOST_TRANSACTIONS);
}
