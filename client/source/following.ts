import { keyOf } from '../address-map.ts';
import type { BalancesError } from '../errors.ts';
import type { Address } from '../types.ts';
import type { Lists } from './lists.ts';
import type { Connection, Demand, Follower, WalletUpdate } from './source.ts';

/** What the last attempt died of, and how many did since one was live. */
export interface Trouble {
  readonly error: BalancesError;
  readonly retries: number;
}

/** One demand and who follows it: which tokens are its own, and how far it has been told of them. */
export class Following {
  readonly demand: Demand;
  readonly #follower: Follower;
  /** Its own, lower-case; undefined until the server has said what its lists hold. */
  tokens: ReadonlySet<Address> | undefined;
  /** Whether it knows all of them, and needs to be told only of what changes. */
  isTold = false;
  #state: Connection['state'] = 'connecting';
  #listed: readonly Address[] | undefined;

  constructor(demand: Demand, follower: Follower) {
    this.demand = demand;
    this.#follower = follower;
  }

  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** Finds out which tokens are its own. */
  resolve(lists: Lists): void {
    const { chainId, tokensListsUrls, customTokens } = this.demand;
    const listed = lists.of(chainId, tokensListsUrls);
    if (listed === this.#listed) return;
    this.#listed = listed;
    this.tokens = listed && new Set([...listed, ...customTokens].map(keyOf));
    this.isTold = false;
  }

  update(update: WalletUpdate): void {
    this.#state = 'live';
    this.#follower.update(update);
  }

  live(): void {
    if (this.isTold && !this.isLive) this.#tell('live');
  }

  lost(trouble: Trouble): void {
    this.#tell(this.#state === 'connecting' ? 'connecting' : 'stale', trouble);
  }

  failed(error: BalancesError): void {
    this.#tell('failed', { error, retries: 0 });
  }

  #tell(state: Connection['state'], trouble?: Trouble): void {
    this.#state = state;
    this.#follower.connection({ state, retries: 0, error: null, ...trouble, via: 'service' });
  }
}
