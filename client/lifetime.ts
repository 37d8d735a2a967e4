/**
 * Everything that a client has under way, so that disposing it ends it all. One signal for all of it would do,
 * but runtimes warn of a leak when more than a few listen to one.
 */
export class Lifetime {
  readonly #open = new Set<AbortController>();
  #reason: DOMException | undefined;

  /** Runs with a signal that aborts when the lifetime ends, or with the outer one. */
  async run<T>(task: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T> {
    const control = new AbortController();
    const follow = () => control.abort(outer?.reason);
    if (this.#reason) control.abort(this.#reason);
    if (outer?.aborted) follow();
    outer?.addEventListener('abort', follow, { once: true });
    this.#open.add(control);
    try {
      return await task(control.signal);
    } finally {
      this.#open.delete(control);
      outer?.removeEventListener('abort', follow);
    }
  }

  /** Aborts when the lifetime ends, or with the outer one. */
  signal(outer?: AbortSignal): AbortSignal {
    const control = new AbortController();
    if (this.#reason) control.abort(this.#reason);
    if (outer?.aborted) control.abort(outer.reason);
    outer?.addEventListener('abort', () => control.abort(outer.reason), { once: true });
    this.#open.add(control);
    control.signal.addEventListener('abort', () => this.#open.delete(control), { once: true });
    return control.signal;
  }

  end(): void {
    this.#reason ??= new DOMException('the client was disposed', 'AbortError');
    for (const control of this.#open) control.abort(this.#reason);
  }
}
