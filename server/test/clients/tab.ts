import {
  type BalancesClient,
  type BalancesClientOptions,
  type BalancesState,
  createBalancesClient,
  type WatchOptions,
} from '../../../client/index.ts';

/** What a tab of an application shows of what it watches, in a form that a test can ask it for. */
export interface Shown {
  readonly state: BalancesState['status']['state'];
  /** Of the refusal, or of what the last attempt died of. */
  readonly code: string | null;
  readonly isTyped: boolean;
  /** Of each token, by its lower-case address. */
  readonly amounts: Readonly<Record<string, string>>;
  /** The states that it has been in, one after the other. */
  readonly past: readonly string[];
}

/** An application that watches wallets, and is driven by a test. */
export class Application {
  readonly client: BalancesClient;
  readonly #states = new Map<string, BalancesState>();
  readonly #past = new Map<string, string[]>();

  constructor(options: BalancesClientOptions) {
    this.client = createBalancesClient(options);
  }

  /** Returns what ends it. */
  watch(name: string, options: WatchOptions): () => void {
    const past: string[] = [];
    this.#past.set(name, past);
    return this.client.watchBalances(options, (state) => {
      this.#states.set(name, state);
      if (past.at(-1) !== state.status.state) past.push(state.status.state);
    });
  }

  shown(name: string): Shown | undefined {
    const state = this.#states.get(name);
    if (!state) return undefined;
    const { status, balances } = state;
    return {
      state: status.state,
      code: status.error?.code ?? null,
      isTyped: status.error === null || status.error.name === 'BalancesError',
      amounts: Object.fromEntries(
        [...balances].map(([token, { amount }]) => [
          token,
          typeof amount === 'bigint' ? `${amount}` : 'none',
        ]),
      ),
      past: this.#past.get(name) ?? [],
    };
  }
}

declare global {
  interface Window {
    Application: typeof Application;
    application: Application;
    /** What ends each watch. */
    ends: Record<string, () => void>;
  }
}

window.Application = Application;
window.ends = {};
