import { joinCursors } from './cursor.ts';
import type { Update, Updates } from './update.ts';
import type { Watch, WatchListener } from './watch.ts';

/**
 * The updates of one subscriber, pulled at the pace of its door: of one watch or, chain by chain, of several, each of
 * which is looked at in turn, so that none waits for another. Whatever waits is conflated in the watches. Ends with
 * `return()`, or with the first of its watches.
 */
export class UpdateStream implements Updates {
  #watches: readonly Watch[] = [];
  #first = 0;
  #wake: (() => void) | undefined;
  #isEnded = false;
  readonly #caughtUp = new Set<Watch>();

  /** Ends when the signal aborts. */
  constructor(open: (listener: WatchListener) => readonly Watch[], signal: AbortSignal) {
    this.#watches = open({ news: () => this.#wakeUp(), ended: () => this.end() });
    if (signal.aborted) this.end();
    else signal.addEventListener('abort', () => this.end(), { once: true });
  }

  /** One without a word. */
  static ended(): UpdateStream {
    return new UpdateStream(() => [], AbortSignal.abort());
  }

  async next(): Promise<IteratorResult<Update, undefined>> {
    while (!this.#isEnded) {
      const update = this.#take();
      if (update) return { done: false, value: update };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: true, value: undefined };
  }

  caughtUp(): readonly number[] {
    const chains: number[] = [];
    for (const watch of this.#watches) {
      if (this.#caughtUp.has(watch) || !watch.isCaughtUp) continue;
      this.#caughtUp.add(watch);
      chains.push(watch.chainId);
    }
    return chains;
  }

  async return(): Promise<IteratorResult<Update, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const watch of this.#watches) watch.end();
    this.#wakeUp();
  }

  #take(): Update | undefined {
    for (let looked = 0; looked < this.#watches.length; looked += 1) {
      const place = (this.#first + looked) % this.#watches.length;
      const update = this.#watches[place]?.take();
      if (!update) continue;
      this.#first = place + 1;
      // Where the others stand goes along: whoever resumes after this resumes all of them.
      const cursors = this.#watches.flatMap(({ cursor }) => cursor ?? []);
      return cursors.length > 1 ? { ...update, cursor: joinCursors(cursors) } : update;
    }
    return undefined;
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
