import { keyOf } from '../address-map.ts';
import type { BalancesError } from '../errors.ts';
import type { Contents } from '../sessions.ts';
import type { Address } from '../types.ts';
import type { Lists } from './lists.ts';
import type { Connection, Demand, Follower, WalletUpdate } from './source.ts';

/** What the last attempt died of, and how many did since one was live. */
export interface Trouble {
  readonly error: BalancesError;
  readonly retries: number;
}

type Wants = Pick<Demand, 'tokensListsUrls' | 'customTokens' | 'spenders'>;

/** One demand and who follows it: which tokens are its own, and how far it has been told of them. */
export class Following {
  readonly demand: Demand;
  readonly #follower: Follower;
  /** What the demand asks for; where it names no tokens, with what the application has named for its session. */
  wants: Wants;
  /** Its own, lower-case; undefined until the server has said what its lists hold. */
  tokens: ReadonlySet<Address> | undefined;
  /** Whether it knows all of them, and needs to be told only of what changes. */
  isTold = false;
  #state: Connection['state'] = 'connecting';
  #named: Contents | undefined;
  #listed: readonly Address[] | undefined;

  constructor(demand: Demand, follower: Follower) {
    this.demand = demand;
    this.wants = demand;
    this.#follower = follower;
  }

  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** Finds out which tokens are its own. */
  resolve(lists: Lists, named: Contents | undefined): void {
    const { demand } = this;
    if (named !== this.#named && !demand.tokensListsUrls.length && !demand.customTokens.length) {
      const { tokensListsUrls = [], customTokens = [], spenders = [] } = named ?? {};
      this.wants = { tokensListsUrls, customTokens, spenders: [...demand.spenders, ...spenders] };
      this.#named = named;
      this.#listed = undefined;
    }
    const listed = lists.of(demand.chainId, this.wants.tokensListsUrls);
    if (listed === this.#listed) return;
    this.#listed = listed;
    this.tokens = listed && new Set([...listed, ...this.wants.customTokens].map(keyOf));
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
