/**
 * Latest value per key, between a producer that never waits and one consumer that takes at its own pace: what
 * piles up is bounded by the number of keys. Fed synchronously; drained by whoever awaits `wait`.
 */
export class Mailbox<K, V> {
  readonly #slots = new Map<K, V>();
  #wake: (() => void) | undefined;

  get size(): number {
    return this.#slots.size;
  }

  get(key: K): V | undefined {
    return this.#slots.get(key);
  }

  /** Replaces what waits under that key, which keeps its place in the order. */
  put(key: K, value: V): void {
    this.#slots.set(key, value);
    this.wake();
  }

  delete(key: K): void {
    this.#slots.delete(key);
  }

  entries(): IterableIterator<[K, V]> {
    return this.#slots.entries();
  }

  values(): IterableIterator<V> {
    return this.#slots.values();
  }

  clear(): void {
    this.#slots.clear();
  }

  /** Lets a waiting consumer look again, though nothing was put. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Resolves at the next put or wake; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const aborted = () => {
        this.#wake = undefined;
        reject(signal.reason);
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#wake = () => {
        signal.removeEventListener('abort', aborted);
        resolve();
      };
    });
  }
}
