import { keyOf } from '../address-map.ts';
import type { BalancesError } from '../errors.ts';
import { retry } from '../follow.ts';
import { ListTokensDocument as ListTokens } from '../gql/graphql.ts';
import type { Transport } from '../transport.ts';
import type { Address } from '../types.ts';
import type { Trouble } from './following.ts';

interface ListsOptions {
  readonly transport: Transport;
  readonly signal: AbortSignal;
  /** Something is known that was not, or is something else now. */
  readonly changed: () => void;
  /** These cannot be had for now. */
  readonly lost: (key: string, trouble: Trouble) => void;
  /** These were refused; who asks for them again asks the server. */
  readonly failed: (key: string, error: BalancesError) => void;
}

interface Listed {
  readonly chainId: number;
  readonly urls: readonly string[];
  tokens?: readonly Address[];
  isAsking?: boolean;
}

/**
 * Which tokens lists hold, those that are always watched included: asked of the server once for each set of lists, and
 * once more when it has forgotten what it made of them.
 */
export class Lists {
  readonly #options: ListsOptions;
  readonly #listed = new Map<string, Listed>();

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /** Undefined until it is known; asks for it where nobody has. */
  of(chainId: number, urls: readonly string[]): readonly Address[] | undefined {
    const key = listsKey(chainId, urls);
    let listed = this.#listed.get(key);
    if (!listed) {
      listed = { chainId, urls };
      this.#listed.set(key, listed);
      void this.#ask(key, listed);
    }
    return listed.tokens;
  }

  /** Asks again. */
  refresh(): void {
    for (const [key, listed] of this.#listed)
      if (listed.urls.length && !listed.isAsking) void this.#ask(key, listed);
  }

  async #ask(key: string, listed: Listed): Promise<void> {
    const { transport, signal, changed, lost, failed } = this.#options;
    const { chainId, urls } = listed;
    let retries = 0;
    listed.isAsking = true;
    try {
      const answer = await retry(
        () => transport.request(ListTokens, { chainId, tokensListsUrls: urls }, signal),
        (error) => {
          // A list that never could be had is a mistake of the asker; one that could is having an outage.
          const isPassing = error.retryable && (!!listed.tokens || error.code !== 'TOKEN_LIST_UNAVAILABLE');
          if (isPassing) lost(key, { error, retries: ++retries });
          return isPassing;
        },
        signal,
      );
      const tokens = answer?.tokens.map(({ address }) => keyOf(address));
      if (!tokens || String(tokens) === String(listed.tokens)) return;
      listed.tokens = tokens;
      changed();
    } catch (error) {
      if (listed.tokens) return;
      this.#listed.delete(key);
      failed(key, error as BalancesError);
    } finally {
      listed.isAsking = false;
    }
  }
}

/** One for all ways to name the same lists. */
export function listsKey(chainId: number, urls: readonly string[]): string {
  return `${chainId} ${[...urls].sort().join(' ')}`;
}
