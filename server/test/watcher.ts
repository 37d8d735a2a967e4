import {
  type BalanceChange,
  type BalancesState,
  createBalancesClient,
  type WatchOptions,
} from '../../client/index.ts';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { eventually } from './app.ts';

/** The real client, watching one wallet: what it holds now, and every state it has seen. */
export class Watcher implements Disposable {
  readonly states: BalancesState[] = [];
  readonly client;
  readonly #done: Promise<void>;
  failure: unknown;

  constructor(app: Pick<App, 'url'>, { clientId, ...options }: WatchOptions & { clientId?: string }) {
    this.client = createBalancesClient({ url: app.url, ...(clientId && { clientId }) });
    this.#done = this.#follow(options).catch((error: unknown) => {
      this.failure = error;
    });
  }

  async #follow(options: WatchOptions): Promise<void> {
    for await (const state of this.client.watchBalances(options)) this.states.push(state);
  }

  get latest(): BalancesState | undefined {
    return this.states.at(-1);
  }

  /** What diffs told of a token, one after the other. */
  told(token: Address): readonly BalanceChange[] {
    const diffs = this.states.filter(({ kind }) => kind === 'DIFF');
    return diffs.flatMap(({ changes }) => changes).filter((change) => lower(change.token.address) === token);
  }

  /** What it holds of a token; undefined while it knows nothing of it, null where it cannot be read. */
  amount(token: Address): bigint | null | undefined {
    const balances = [...(this.latest?.balances.values() ?? [])];
    return balances.find((balance) => lower(balance.token.address) === token)?.amount;
  }

  /** Resolves with the first state, the snapshot. */
  async snapshot(): Promise<BalancesState> {
    return await eventually(() => {
      if (this.failure) throw this.failure;
      const [first] = this.states;
      if (!first) throw new Error('no snapshot yet');
      return first;
    });
  }

  [Symbol.dispose](): void {
    this.client.dispose();
    void this.#done;
  }
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
