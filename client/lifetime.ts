/**
 * Everything that a client has under way, so that disposing it ends it all. One signal for all of it would do,
 * but runtimes warn of a leak when more than a few listen to one.
 */
export class Lifetime {
  readonly #ends = new Set<(reason: unknown) => void>();
  #reason: DOMException | undefined;

  /** Runs with a signal that aborts when the lifetime ends, or with the outer one. */
  async run<T>(task: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T> {
    const control = new AbortController();
    const forget = this.onEnd((reason) => control.abort(reason), outer);
    try {
      return await task(control.signal);
    } finally {
      forget();
    }
  }

  /** Calls back when it ends, or when the outer signal aborts: at once where that has been. Returns what forgets it. */
  onEnd(end: (reason: unknown) => void, outer?: AbortSignal): () => void {
    const abort = () => end(outer?.reason);
    if (this.#reason) end(this.#reason);
    else if (outer?.aborted) abort();
    this.#ends.add(end);
    outer?.addEventListener('abort', abort);
    return () => {
      this.#ends.delete(end);
      outer?.removeEventListener('abort', abort);
    };
  }

  end(): void {
    this.#reason ??= new DOMException('the client was disposed', 'AbortError');
    for (const end of [...this.#ends]) end(this.#reason);
  }
}
