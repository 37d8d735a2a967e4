const LEAST_MS = 500;
const MOST_MS = 30_000;

/** Growing pauses between attempts, jittered so that the clients of a restarted server do not come together. */
export class Backoff {
  #attempts = 0;

  reset(): void {
    this.#attempts = 0;
  }

  /** Pauses; returns at once when the signal aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    const ceiling = Math.min(MOST_MS, LEAST_MS * 2 ** this.#attempts++);
    const ms = ceiling * (0.5 + Math.random() / 2);
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
