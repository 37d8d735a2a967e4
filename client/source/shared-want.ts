import type { Connection, Demand, Follower, Source, WalletUpdate } from './source.ts';

/** A new leader's first word should be here by then. */
const DOUBT_MS = 1000;

/** What a follower is told, whoever happens to tell it: never for long that it is live while nobody reads for it. */
export class Want implements Follower {
  readonly demand: Demand;
  readonly #follower: Follower;
  #state: Connection['state'] = 'connecting';
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;

  constructor(demand: Demand, follower: Follower) {
    this.demand = demand;
    this.#follower = follower;
  }

  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** Lets the source itself tell it, until it is left or ended. */
  followTo(source: Source): void {
    this.#stop ??= source.follow(this.demand, this);
  }

  update(update: WalletUpdate): void {
    this.#become('live');
    this.#follower.update(update);
  }

  /** A leader that begins anew is connecting; who was told something already is stale meanwhile. */
  connection(connection: Connection): void {
    const isKnown = this.#state !== 'connecting';
    const state = isKnown && connection.state === 'connecting' ? 'stale' : connection.state;
    this.#become(state);
    this.#follower.connection({ ...connection, state });
  }

  /** Another is to tell it from now on: stale where nothing comes. */
  doubt(): void {
    this.#doubt ??= setTimeout(() => this.lose(), DOUBT_MS);
  }

  /** Nobody tells it. */
  lose(): void {
    if (this.isLive) this.connection({ state: 'stale', retries: 0, error: null, via: 'service' });
  }

  /** The source tells it no more. */
  leave(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  end(): void {
    this.leave();
    this.#become(this.#state);
  }

  #become(state: Connection['state']): void {
    this.#state = state;
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
  }
}
