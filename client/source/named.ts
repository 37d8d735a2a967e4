import type { Contents, Sessions } from '../sessions.ts';
import type { Demand, Follower, Source } from './source.ts';

/** Lets who names no tokens follow those that the application has named for its session of the wallet. */
export class Named implements Source {
  readonly #inner: Source;
  readonly #sessions: Sessions;

  constructor(inner: Source, sessions: Sessions) {
    this.#inner = inner;
    this.#sessions = sessions;
  }

  follow(demand: Demand, follower: Follower): () => void {
    if (demand.tokensListsUrls.length || demand.customTokens.length)
      return this.#inner.follow(demand, follower);
    let named = this.#sessions.named(demand);
    let end = this.#inner.follow(withNamed(demand, named), follower);
    const forget = this.#sessions.onNamed(() => {
      if (this.#sessions.named(demand) === named) return;
      named = this.#sessions.named(demand);
      // The next comes first, so that what both want is wanted all along.
      const next = this.#inner.follow(withNamed(demand, named), follower);
      end();
      end = next;
    });
    return () => {
      forget();
      end();
    };
  }

  dispose(): void {
    this.#inner.dispose();
  }
}

function withNamed(
  demand: Demand,
  { tokensListsUrls = [], customTokens = [], spenders = [] }: Contents,
): Demand {
  return { ...demand, tokensListsUrls, customTokens, spenders: [...demand.spenders, ...spenders] };
}
