import type { WatchedPair } from './pair.ts';

/** How finely the times of confirmations are told apart. */
const TICK_MS = 100;

/**
 * When the pairs of one chain were last confirmed, as counts by time: so that the oldest is known at once, with a
 * million pairs too. Told by the ledger of every reading that it merged, by one clock that never goes back.
 */
export class Confirmations {
  /** Tick → how many pairs were confirmed in it and not since. In order of time, for it only grows at its end. */
  readonly #counts = new Map<number, number>();

  /** A pair that was never read counts from when it came. */
  add(pair: WatchedPair, nowMs: number): void {
    pair.confirmedTick = Math.floor(nowMs / TICK_MS);
    this.#counts.set(pair.confirmedTick, (this.#counts.get(pair.confirmedTick) ?? 0) + 1);
  }

  renew(pair: WatchedPair, nowMs: number): void {
    this.remove(pair);
    this.add(pair, nowMs);
  }

  remove({ confirmedTick }: WatchedPair): void {
    const others = (this.#counts.get(confirmedTick) ?? 0) - 1;
    if (others > 0) this.#counts.set(confirmedTick, others);
    else this.#counts.delete(confirmedTick);
  }

  /** How long ago the pair was confirmed that waits longest for it; zero where there is none. */
  oldestMs(nowMs: number): number {
    const { value: tick } = this.#counts.keys().next();
    return tick === undefined ? 0 : nowMs - tick * TICK_MS;
  }
}
