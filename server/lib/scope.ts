import { setMaxListeners } from 'node:events';

/**
 * What was started together and is stopped together: background tasks and resources of one owner. Disposing
 * aborts the signal, waits for the tasks, then disposes the resources in reverse order.
 */
export class Scope implements AsyncDisposable {
  readonly #controller = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  readonly #resources = new AsyncDisposableStack();
  readonly #onError: (task: string, error: unknown) => void;

  constructor(onError: (task: string, error: unknown) => void) {
    this.#onError = onError;
    // Everything that is under way listens to it, and lets go again.
    setMaxListeners(0, this.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    return this.#resources.use(resource);
  }

  /** Runs a task until it ends or the scope does; an error that is not the abort itself is reported. */
  spawn(name: string, task: (signal: AbortSignal) => Promise<void>): void {
    const running = task(this.signal)
      .catch((error: unknown) => {
        if (!this.signal.aborted) this.#onError(name, error);
      })
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort(new DOMException('stopped', 'AbortError'));
    await Promise.all(this.#tasks);
    await this.#resources.disposeAsync();
  }
}
