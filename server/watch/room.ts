import type { Config } from '../config.ts';
import { RetryLaterError } from '../errors.ts';
import type { Metrics } from '../lib/metrics.ts';

/** What is watched goes by itself once nobody listens, and what it takes with it. */
const RETRY_SECONDS = 10;

interface RoomOptions {
  readonly config: Pick<Config, 'maxSessions' | 'maxWatchedPairs'>;
  readonly metrics: Pick<Metrics, 'sessions' | 'sessionPairs' | 'refusals'>;
}

/**
 * How much one process watches in all: sessions and streams of many wallets together, and their pairs. A pair that
 * several hold counts in each, as it takes memory in each.
 */
export class Room {
  readonly #options: RoomOptions;
  readonly #spares: (() => boolean)[] = [];
  #holders = 0;
  #pairs = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Gives something up that nobody listens to, and says whether there was anything. */
  addSpare(giveUp: () => boolean): void {
    this.#spares.push(giveUp);
  }

  /** Throws CAPACITY_EXCEEDED where there is no room for so many more. */
  check(more: { readonly holders: number; readonly pairs: number }): void {
    const { maxSessions, maxWatchedPairs } = this.#options.config;
    const isFull = (held: number, added: number, most: number) => added > 0 && held + added > most;
    while (isFull(this.#holders, more.holders, maxSessions))
      if (!this.#makeRoom()) throw this.#full('sessions', maxSessions);
    while (isFull(this.#pairs, more.pairs, maxWatchedPairs))
      if (!this.#makeRoom()) throw this.#full('watched_pairs', maxWatchedPairs);
  }

  count({ holders = 0, pairs = 0 }: { readonly holders?: number; readonly pairs?: number }): void {
    const { metrics } = this.#options;
    this.#holders += holders;
    this.#pairs += pairs;
    metrics.sessions.set(this.#holders);
    metrics.sessionPairs.set(this.#pairs);
  }

  #makeRoom(): boolean {
    return this.#spares.some((giveUp) => giveUp());
  }

  #full(what: 'sessions' | 'watched_pairs', most: number): RetryLaterError {
    this.#options.metrics.refusals.inc({ reason: what });
    const things = what === 'sessions' ? 'sessions' : 'pairs of a wallet and a token';
    return new RetryLaterError(
      'CAPACITY_EXCEEDED',
      `this server watches no more than ${most} ${things}: try again in ${RETRY_SECONDS} s`,
      RETRY_SECONDS,
    );
  }
}
