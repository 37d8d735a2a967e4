import { CALLS_PER_READ } from '../chain/multicall/reader.ts';
import type { BlockRef } from '../chain/types.ts';
import { describe } from '../errors.ts';
import { sleep } from '../lib/retry.ts';
import type { WatchedPair } from './pair.ts';
import type { Read, Settle } from './refresh.ts';
import type { Turns } from './turns.ts';

/** Reads under way at once: with an upstream that does not keep up the rest waits. */
export const READS_AT_ONCE = 16;
/** How soon it is looked again where nothing can be read just now. */
const LOOK_AGAIN_MS = 100;

interface SweepOptions {
  readonly intervalMs: number;
  /** How many pairs are read in an interval at the most, those included that are read again. */
  readonly budget: number;
  readonly turns: Turns;
  readonly pin: () => BlockRef | undefined;
  readonly read: Read;
  readonly settle: Settle;
  /** A read failed; it is news unless one failed in this or the last interval, too. */
  readonly failed: (reason: string, isNews: boolean) => void;
}

/**
 * Reads what is watched anew once an interval, spread evenly over it, for balances that move without an event: up
 * to the budget everything, past it in turns. Runs beside the refresh, and what that reads needs no sweep. The
 * turns say what is next, and are told when a read is over. Ends when its signal aborts.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<void> {
  const { intervalMs, budget, turns, pin, failed } = options;
  let underWay = 0;
  let failures = 0;
  let failuresBefore = 0;

  async function reconcile(pairs: readonly WatchedPair[], at: BlockRef): Promise<void> {
    underWay += 1;
    try {
      await options.read(pairs, at, signal, (part, readings) => options.settle(part, readings, at));
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      failed(describe(error), failures === 1 && failuresBefore === 0);
    } finally {
      underWay -= 1;
      turns.over(pairs);
    }
  }

  while (true) {
    const endMs = performance.now() + intervalMs;
    failuresBefore = failures;
    failures = 0;
    turns.begin();
    let left = budget;
    const planned = Math.min(turns.due, budget);
    for (let leftMs = intervalMs; leftMs > 0; leftMs = endMs - performance.now()) {
      const due = turns.due;
      const at = pin();
      const canRead = at !== undefined && underWay < READS_AT_ONCE;
      const pairs = canRead ? turns.take(Math.min(CALLS_PER_READ, left)) : [];
      if (at && pairs.length > 0) void reconcile(pairs, at);
      left -= pairs.length;
      const pace = { intervalMs, planned, leftMs, had: due - turns.due, ahead: Math.min(turns.due, left) };
      await sleep(pauseMs(pace), signal);
    }
  }
}

interface Pace {
  readonly intervalMs: number;
  /** How many pairs the interval began with, within the budget. */
  readonly planned: number;
  readonly leftMs: number;
  /** How many had their turn just now. */
  readonly had: number;
  /** How many are still to have theirs, within the budget. */
  readonly ahead: number;
}

/**
 * How long to wait after a read, so that what is ahead fills the time that is left: but never at more than twice
 * the pace that the whole interval would have, lest time that was lost is made up in a burst. What is not reached
 * comes first in the next interval.
 */
export function pauseMs({ intervalMs, planned, leftMs, had, ahead }: Pace): number {
  if (ahead === 0) return leftMs;
  if (had === 0) return Math.min(leftMs, LOOK_AGAIN_MS);
  return Math.min(leftMs, Math.max((leftMs * had) / (had + ahead), (intervalMs * had) / planned / 2));
}
