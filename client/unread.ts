import type { Hash, UpdateCause, WatchedBalance } from './types.ts';

/** As many as the server names in one change. */
const MOST_TRANSACTIONS = 100;

/**
 * A balance that changed again before anybody had read that it had changed: from what was before both, by the
 * transactions of both. What led to the older one may have been taken back by a reorganisation.
 */
export function fromBoth<B extends WatchedBalance>(older: WatchedBalance, newer: B, cause: UpdateCause): B {
  const earlier: readonly Hash[] = cause === 'REORG' ? [] : older.transactions;
  const transactions = [...new Set([...earlier, ...newer.transactions])].slice(-MOST_TRANSACTIONS);
  return { ...newer, previousAmount: older.previousAmount, transactions };
}
