import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { eventsOf } from './events.ts';

export interface Item {
  readonly chainId: number;
  readonly owner: Address;
  readonly tokens: readonly (Address | 'native')[];
  readonly conditions?: readonly ({ readonly token: Address | 'native' } & Record<string, string>)[];
}

export interface WalletUpdate {
  readonly kind: 'SNAPSHOT' | 'DIFF';
  readonly cause: string;
  readonly cursor: string;
  readonly balances: readonly {
    readonly chainId: number;
    readonly owner: Address;
    readonly token: { readonly address: Address };
    readonly amount: string | null;
    readonly previousAmount: string | null;
    readonly transactions: readonly Address[];
    readonly crossed: readonly string[];
  }[];
}

const QUERY = `subscription ($items: [WalletItem!]!, $after: String) {
  walletBalances(items: $items, after: $after) {
    kind cause cursor
    balances { chainId owner token { address } amount previousAmount transactions crossed }
  }
}`;

/** `walletBalances` as it comes over the wire, folded by nobody but this: what was said, and what is held. */
export class WalletStream implements Disposable {
  readonly updates: WalletUpdate[] = [];
  readonly errors: unknown[] = [];
  readonly #held = new Map<string, bigint | null>();
  readonly #abort = new AbortController();
  /** Resolves when the server ends it. */
  readonly ended: Promise<void>;

  constructor({ url }: Pick<App, 'url'>, items: readonly Item[], after?: string, headers: object = {}) {
    this.ended = this.#follow(url, { items, after }, headers).catch((error: unknown) => {
      if (!this.#abort.signal.aborted) throw error;
    });
  }

  get cursor(): string | undefined {
    return this.updates.at(-1)?.cursor;
  }

  amount(chainId: number, owner: Address, token: Address): bigint | null | undefined {
    return this.#held.get(keyOf(chainId, owner, token));
  }

  async #follow(url: string, variables: object, headers: object): Promise<void> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query: QUERY, variables }),
      signal: this.#abort.signal,
    });
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      this.errors.push(...(await response.json()).errors);
      return;
    }
    for await (const { event, data = '' } of eventsOf(response)) {
      if (event !== 'next') continue;
      const result = JSON.parse(data);
      this.errors.push(...(result.errors ?? []));
      if (result.data) this.#fold(result.data.walletBalances);
    }
  }

  #fold(update: WalletUpdate): void {
    this.updates.push(update);
    for (const { chainId, owner, token, amount } of update.balances)
      this.#held.set(keyOf(chainId, owner, token.address), amount === null ? null : BigInt(amount));
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}

function keyOf(chainId: number, owner: Address, token: Address): string {
  return `${chainId}/${owner}/${token}`.toLowerCase();
}
