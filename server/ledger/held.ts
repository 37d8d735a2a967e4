import type { Reading } from '../chain/multicall/reader.ts';
import { type BlockRef, NATIVE } from '../chain/types.ts';
import { abortable } from '../lib/abortable.ts';
import { withDeadline } from '../lib/deadline.ts';
import type { WatchedPair } from './pair.ts';
import type { Payments } from './payments.ts';

/** A native balance that moved is told without its transactions where these are not known so soon after it was read. */
export const PATIENCE_MS = 500;

interface HeldOptions {
  readonly payments: Payments;
  readonly merge: (pair: WatchedPair, reading: Reading, pin: BlockRef) => void;
  /** The pair must be read again, and nobody else knows. */
  readonly again: (pair: WatchedPair) => void;
  readonly signal: AbortSignal;
}

/**
 * Hands readings on to be merged: at once, but for native balances that moved in a block of which it is still to be
 * heard who paid whom. Those wait for that, though not for long, so that they are told with their transactions. What
 * waits stays unsettled and is not read again. Fed by the ledger, which does the merging.
 */
export class Held {
  readonly #options: HeldOptions;

  constructor(options: HeldOptions) {
    this.#options = options;
  }

  /** One for one. What need not wait is merged when this returns, what waits in one synchronous step later. */
  settle(pairs: readonly WatchedPair[], readings: readonly Reading[], pin: BlockRef): void {
    const waiting: (readonly [WatchedPair, Reading])[] = [];
    pairs.forEach((pair, index) => {
      const reading = readings[index];
      if (!reading) return;
      if (this.#mustWait(pair, reading, pin)) waiting.push([pair, reading]);
      else this.#options.merge(pair, reading, pin);
    });
    if (waiting.length > 0) void this.#settleLater(waiting, pin);
  }

  /** What is the same as before names no transactions, and the first value neither. */
  #mustWait(pair: WatchedPair, reading: Reading, pin: BlockRef): boolean {
    if (pair.token !== NATIVE || !pair.entry || !('amount' in reading)) return false;
    return (
      reading.amount !== pair.entry.balance.amount && this.#options.payments.pending(pair, pin).length > 0
    );
  }

  async #settleLater(waiting: readonly (readonly [WatchedPair, Reading])[], pin: BlockRef): Promise<void> {
    const { payments, merge, again, signal } = this.#options;
    for (const [pair] of waiting)
      if (pair.unsettled) pair.unsettled = { ...pair.unsettled, heldAt: pin.number };
    const known = Promise.all(new Set(waiting.flatMap(([pair]) => payments.pending(pair, pin))));
    await withDeadline(PATIENCE_MS, signal, (deadline) => abortable(known, deadline)).catch(() => {});
    if (signal.aborted) return;
    for (const [pair, reading] of waiting) {
      merge(pair, reading, pin);
      const { unsettled } = pair;
      // Its block was replaced meanwhile.
      if (unsettled?.heldAt === undefined || unsettled.through > pin.number) continue;
      pair.unsettled = { ...unsettled, heldAt: undefined };
      again(pair);
    }
  }
}
