import type { Hash, UpdateCause, WatchedBalance } from './types.ts';

/** As many as the server names in one change. */
const MOST_TRANSACTIONS = 100;

interface Moved {
  readonly transactions: readonly Hash[];
}

/** Of two changes that are told as one. What led to the older one may have been taken back by a reorganisation. */
export function transactionsOfBoth(older: Moved, newer: Moved, cause: UpdateCause | null): readonly Hash[] {
  const earlier = cause === 'REORG' ? [] : older.transactions;
  return [...new Set([...earlier, ...newer.transactions])].slice(-MOST_TRANSACTIONS);
}

/** A balance that changed again before anybody had read that it had changed: from what was before both. */
export function fromBoth<B extends WatchedBalance>(older: WatchedBalance, newer: B, cause: UpdateCause): B {
  const transactions = transactionsOfBoth(older, newer, cause);
  return { ...newer, previousAmount: older.previousAmount, transactions };
}
