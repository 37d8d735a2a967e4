import PQueue from 'p-queue';

/** At most so many tasks at once for each key; the rest of that key waits, other keys do not. */
export class Queues<K> {
  readonly #concurrency: number;
  readonly #queues = new Map<K, { readonly queue: PQueue; users: number }>();

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Rejects with the signal's reason where that aborts before the task has ended. */
  async run<T>(key: K, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const line = this.#queues.get(key) ?? { queue: new PQueue({ concurrency: this.#concurrency }), users: 0 };
    this.#queues.set(key, line);
    line.users += 1;
    try {
      return await line.queue.add(task, { signal });
    } finally {
      line.users -= 1;
      if (line.users === 0) this.#queues.delete(key);
    }
  }
}
