import { Latest } from './latest.ts';
import type { Lifetime } from './lifetime.ts';
import type { Connection, Demand, Source, WalletUpdate } from './source/source.ts';
import { type BalancesState, fold, fromScratch, mergeUnread, unknown } from './state.ts';

export type BalancesListener = (state: BalancesState) => void;

/**
 * What a wallet holds of some tokens, for as long as anybody wants to know: to iterate over, to be called back, or as a
 * store. It asks its source while it has a listener or an iterator, and keeps what it knows after the last has left.
 */
export interface BalancesWatch extends AsyncIterable<BalancesState> {
  /** Everything known now; the same object until something is new. `connecting`, and empty, in the beginning. */
  getSnapshot(): BalancesState;
  /**
   * Calls back with every new state, that of the status included, from then on. Never throws: what ends a watch is in
   * `status.error`. Returns what ends the subscription.
   */
  subscribe(listener: BalancesListener): () => void;
  /**
   * Every state from the first that knows something. Who reads slowly skips some: each is complete, and `changes` is
   * since the one read before. Throws BalancesError where the status is `failed`.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<BalancesState>;
}

interface WatchOptions {
  readonly source: Source;
  readonly demand: Demand;
  readonly lifetime: Lifetime;
  /** Ends it for everybody. */
  readonly signal: AbortSignal | undefined;
}

interface Listening {
  readonly call: BalancesListener;
  /** It is over, for everybody. */
  readonly ended: (() => void) | undefined;
}

export class Watch implements BalancesWatch {
  readonly #options: WatchOptions;
  readonly #listeners = new Set<Listening>();
  #state = unknown();
  #release: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  readonly getSnapshot = (): BalancesState => this.#state;

  readonly subscribe = (listener: BalancesListener): (() => void) => this.#listen(listener);

  [Symbol.asyncIterator](): AsyncIterableIterator<BalancesState> {
    const produce = (publish: (state: BalancesState) => void, gone: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const take = (state: BalancesState) => {
          if (state.status.state === 'failed') reject(state.status.error);
          else if (state.block) publish(state);
        };
        if (this.#release && this.#state.block) publish(fromScratch(this.#state));
        const leave = this.#listen(take, resolve);
        gone.addEventListener('abort', leave);
      });
    return new Latest({ merge: mergeUnread, produce });
  }

  #listen(call: BalancesListener, ended?: () => void): () => void {
    const listening = { call, ended };
    this.#listeners.add(listening);
    if (!this.#release) this.#begin();
    return () => {
      if (this.#listeners.delete(listening) && !this.#listeners.size) this.#stop();
    };
  }

  #begin(): void {
    const { source, demand, lifetime, signal } = this.#options;
    const forget = lifetime.onEnd(() => {
      this.#stop();
      for (const { ended } of this.#listeners) ended?.();
      this.#listeners.clear();
    }, signal);
    const leave = this.#listeners.size
      ? source.follow(demand, {
          update: (update) => this.#update(update),
          connection: (connection) => this.#connection(connection),
        })
      : undefined;
    this.#release = () => {
      forget();
      leave?.();
    };
  }

  #update(update: WalletUpdate): void {
    const now = new Date();
    const before = this.#state.status;
    const status = {
      state: 'live',
      since: before.state === 'live' ? before.since : now,
      head: update.block,
      lastUpdate: now,
      retries: 0,
      error: null,
      via: update.via,
    } as const;
    this.#publish({ ...fold(this.#state, update), status });
  }

  #connection({ state, retries, error, via }: Connection): void {
    const before = this.#state.status;
    const since = state === before.state ? before.since : new Date();
    const status = { ...before, state, since, retries, error, via };
    this.#publish({ ...this.#state, changes: [], changedAllowances: [], status });
    if (state === 'failed') this.#end();
  }

  #publish(state: BalancesState): void {
    this.#state = state;
    for (const { call } of [...this.#listeners])
      try {
        call(state);
      } catch (error) {
        // As any other event's: of no concern to the connection and to those who listen beside it.
        queueMicrotask(() => {
          throw error;
        });
      }
  }

  /** Nobody listens any more: what is known is not kept up. */
  #stop(): void {
    this.#end();
    const { status } = this.#state;
    if (status.state !== 'live') return;
    this.#state = { ...this.#state, status: { ...status, state: 'stale', since: new Date() } };
  }

  #end(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
