import { chunksOf, type Reading } from '../chain/multicall/reader.ts';
import type { BlockRef } from '../chain/types.ts';
import { sleep } from '../lib/retry.ts';
import type { WatchedPair } from './pair.ts';

interface SweepOptions {
  readonly intervalMs: number;
  readonly pairs: () => Iterable<WatchedPair>;
  readonly pin: () => BlockRef | undefined;
  readonly read: (pairs: readonly WatchedPair[], pin: BlockRef, signal: AbortSignal) => Promise<Reading[]>;
  readonly settle: (pairs: readonly WatchedPair[], readings: readonly Reading[], pin: BlockRef) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Reads everything watched anew once an interval, spread evenly over it, for balances that move without an
 * event. Runs beside the refresh and through the same merge; ends when its signal aborts.
 */
export async function sweep(options: SweepOptions, signal: AbortSignal): Promise<void> {
  const { intervalMs, pairs, pin, read, settle, failed } = options;
  while (true) {
    const chunks = chunksOf([...pairs()]);
    const pauseMs = intervalMs / Math.max(1, chunks.length);
    if (chunks.length === 0) await sleep(pauseMs, signal);
    for (const chunk of chunks) {
      await sleep(pauseMs, signal);
      // What is waiting to be read is read by the refresh.
      const settled = chunk.filter((pair) => pair.unsettled === undefined);
      const at = pin();
      if (!at || settled.length === 0) continue;
      void read(settled, at, signal)
        .then((readings) => settle(settled, readings, at))
        .catch((error: unknown) => {
          if (!signal.aborted) failed(error);
        });
    }
  }
}
