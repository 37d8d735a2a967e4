import { type Over, Tab } from './shared-tab.ts';
import { Want } from './shared-want.ts';
import type { Demand, Follower, Source } from './source.ts';

/**
 * One connection for all tabs of a browser: the tab that holds a lock (Web Locks) reads its own source for all, and tells
 * the others over a BroadcastChannel. When it goes, or sleeps, another takes its place, and every follower begins anew
 * with a snapshot.
 *
 * A tab takes part while it wants something and is neither frozen nor kept for the way back: asleep it would keep the
 * lock from the others. Where locks or channels are denied, it reads its source for itself.
 */
export class Shared implements Source {
  readonly #inner: Source;
  readonly #name: string;
  readonly #wants = new Map<string, Want>();
  #tab: Tab | undefined;
  #listening: AbortController | undefined;
  #isAway = false;
  #isAlone = false;

  constructor(inner: Source, name: string) {
    this.#inner = inner;
    this.#name = name;
  }

  follow(demand: Demand, follower: Follower): () => void {
    const id = crypto.randomUUID();
    const want = new Want(demand, follower);
    this.#wants.set(id, want);
    this.#listen();
    if (this.#tab) this.#tab.want(id, want);
    else this.#enter();
    return () => {
      want.end();
      if (this.#wants.delete(id)) this.#tab?.end(id);
    };
  }

  dispose(): void {
    this.#isAway = true;
    this.#listening?.abort();
    this.#leave();
    for (const want of this.#wants.values()) want.end();
    this.#wants.clear();
    this.#inner.dispose();
  }

  #enter(steals = false): void {
    if (this.#isAway || this.#tab || !this.#wants.size) return;
    if (!this.#isAlone)
      try {
        this.#tab = new Tab(this.#inner, this.#name, this.#wants, steals, (why) => this.#over(why));
        return;
      } catch {
        this.#isAlone = true;
      }
    for (const want of this.#wants.values()) want.followTo(this.#inner);
  }

  #over(why: Over): void {
    this.#leave();
    this.#isAlone = why === 'denied';
    this.#enter(why === 'unled');
  }

  #leave(): void {
    this.#tab?.leave();
    this.#tab = undefined;
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const away = () => {
      if (this.#isAlone) return;
      this.#isAway = true;
      this.#leave();
      for (const want of this.#wants.values()) want.lose();
    };
    const back = () => {
      this.#isAway = false;
      this.#enter();
    };
    addEventListener('pagehide', away, { signal });
    addEventListener('pageshow', back, { signal });
    document.addEventListener('freeze', away, { signal });
    document.addEventListener('resume', back, { signal });
  }
}
