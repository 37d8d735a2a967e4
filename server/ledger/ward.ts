import type { Pair, Reading } from '../chain/multicall/reader.ts';
import type { BlockRef } from '../chain/types.ts';
import { sleep } from '../lib/retry.ts';
import type { WatchedPair } from './pair.ts';
import type { Read, Settle } from './refresh.ts';

/** How often it is looked who is due. */
const LOOK_MS = 500;
/**
 * How many pairs are tested at a look. Those that burn gas or answer with bombs take a call each: past six hundred of
 * them a minute recovery is seen later.
 */
const MOST_AT_ONCE = 500;
const MOST_COSTLY_AT_ONCE = 5;

interface WardOptions {
  readonly quarantine: {
    due(isWatched: (pair: Pair) => boolean): Pair[];
    standing(pair: Pair): { readonly isCostly: boolean } | undefined;
  };
  readonly pair: (pair: Pair) => WatchedPair | undefined;
  readonly pin: () => BlockRef | undefined;
  readonly read: Read;
  readonly settle: Settle;
}

/**
 * Has the pairs in quarantine tested again when they are due, though nothing touches them: that is how a client
 * hears that a token can be read again. Ends when its signal aborts.
 */
export async function ward(options: WardOptions, signal: AbortSignal): Promise<void> {
  const { quarantine, pair, pin, read, settle } = options;
  /** A test may wait long for its turn, under a rate limit for ever: one more would only wait behind it. */
  const underWay = new Set<WatchedPair>();
  while (true) {
    await sleep(LOOK_MS, signal);
    const at = pin();
    if (!at) continue;
    let costly = 0;
    const due = quarantine
      .due((suspect) => isIdle(pair(suspect)))
      .filter((suspect) => !quarantine.standing(suspect)?.isCostly || ++costly <= MOST_COSTLY_AT_ONCE)
      .slice(0, MOST_AT_ONCE)
      .flatMap((suspect) => pair(suspect) ?? []);
    if (due.length === 0) continue;
    for (const tested of due) underWay.add(tested);
    const over = (pairs: readonly WatchedPair[]) => {
      for (const tested of pairs) underWay.delete(tested);
    };
    const had = (pairs: readonly WatchedPair[], readings: readonly Reading[]) => {
      over(pairs);
      settle(pairs, readings, at);
    };
    // Not waited for: one that takes its time holds up no other. What fails is due again soon.
    void read(due, at, signal, had)
      .catch(() => {})
      .finally(() => over(due));
  }

  function isIdle(suspect: WatchedPair | undefined): boolean {
    return suspect !== undefined && !underWay.has(suspect);
  }
}
