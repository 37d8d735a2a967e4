/**
 * Between a producer that does not wait and a consumer that iterates at its own pace: keeps one value, what is
 * newest, merged with what was not read yet. The producer starts at the first `next()`, and is aborted when
 * the consumer leaves or the signal aborts; what was not read by then is dropped.
 */
export class Latest<T> implements AsyncIterableIterator<T> {
  readonly #merge: (older: T, newer: T) => T;
  readonly #produce: (publish: (value: T) => void, signal: AbortSignal) => Promise<void>;
  readonly #signal: AbortSignal | undefined;
  readonly #leave = () => void this.return();
  readonly #abort = new AbortController();
  #unread: { value: T } | undefined;
  #failure: { error: unknown } | undefined;
  #started = false;
  #ended = false;
  #wake: (() => void)[] = [];

  constructor({
    merge,
    produce,
    signal,
  }: {
    merge: (older: T, newer: T) => T;
    produce: (publish: (value: T) => void, signal: AbortSignal) => Promise<void>;
    signal?: AbortSignal | undefined;
  }) {
    this.#merge = merge;
    this.#produce = produce;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    this.#start();
    while (!this.#unread && !this.#ended) await new Promise<void>((resolve) => this.#wake.push(resolve));
    if (this.#unread) {
      const { value } = this.#unread;
      this.#unread = undefined;
      return { done: false, value };
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#unread = undefined;
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): void {
    if (this.#started || this.#ended) return;
    this.#started = true;
    if (this.#signal?.aborted) {
      this.#end();
      return;
    }
    this.#signal?.addEventListener('abort', this.#leave);
    this.#produce((value) => this.#publish(value), this.#abort.signal).then(
      () => this.#end(),
      (error: unknown) => {
        if (!this.#ended) this.#failure = { error };
        this.#end();
      },
    );
  }

  #publish(value: T): void {
    if (this.#ended) return;
    this.#unread = { value: this.#unread ? this.#merge(this.#unread.value, value) : value };
    this.#notify();
  }

  #end(): void {
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#leave);
    this.#abort.abort();
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
