import { setTimeout as timeout } from 'node:timers/promises';

/** Waits; rejects with an AbortError at once when the signal aborts. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await timeout(ms, undefined, { signal });
}

/**
 * Exponential back-off with full jitter over its upper half, so that many waiters do not come back together.
 * `next()` grows, `reset()` after a success.
 */
export class Backoff {
  readonly #leastMs: number;
  readonly #mostMs: number;
  #attempt = 0;

  constructor({ leastMs, mostMs }: { leastMs: number; mostMs: number }) {
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
  }

  next(): number {
    const ceiling = Math.min(this.#mostMs, this.#leastMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 30);
    return ceiling / 2 + Math.random() * (ceiling / 2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
