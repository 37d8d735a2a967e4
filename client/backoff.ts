import { onWake } from './wake.ts';

const LEAST_MS = 500;
const MOST_MS = 30_000;
/** What timers can wait; with more they do not wait at all. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/**
 * Growing pauses between attempts, jittered so that the clients of a restarted server do not come together. They end
 * early when the network or the tab comes back, but never before the server said that it may be asked again.
 */
export class Backoff {
  #attempts = 0;

  reset(): void {
    this.#attempts = 0;
  }

  /** Pauses, no less than so many milliseconds; returns at once when the signal aborts. */
  async pause(signal: AbortSignal, leastMs = 0): Promise<void> {
    const ceiling = Math.min(MOST_MS, LEAST_MS * 2 ** this.#attempts++);
    const ms = Math.min(MOST_TIMER_MS, Math.max(leastMs, ceiling * (0.5 + Math.random() / 2)));
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        sleep();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      const sleep = onWake(() => leastMs || done());
      signal.addEventListener('abort', done);
    });
  }
}
