import type { Update } from '../../watch/update.ts';

/**
 * What of a stream is said together: the first snapshots of all its chains, as long as none is late; everything else
 * as it comes. Nothing overtakes what waits here.
 */
export class Gathering {
  readonly #missing: Set<number>;
  #waiting: Update[] = [];

  constructor(chainIds: Iterable<number>) {
    this.#missing = new Set(chainIds);
  }

  /** Whether something waits for chains that are missing. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What is to be said now, in order; of what is in one list, as one. */
  take(update: Update): Update[][] {
    if (update.kind === 'DIFF') return [...this.flush(), [update]];
    const isFirst = this.#missing.delete(update.chainId);
    if (!isFirst) return [...this.flush(), [update]];
    this.#waiting.push(update);
    return this.#missing.size === 0 ? this.flush() : [];
  }

  /** What waits; whoever is still missing is late, and waited for no more. */
  flush(): Update[][] {
    if (this.#waiting.length === 0) return [];
    const together = this.#waiting;
    this.#waiting = [];
    this.#missing.clear();
    return [together];
  }
}
