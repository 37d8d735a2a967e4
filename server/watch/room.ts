import type { Config } from '../config.ts';
import { RetryLaterError } from '../errors.ts';
import type { Metrics } from '../lib/metrics.ts';

/** What is watched goes by itself once nobody listens, and what it takes with it. */
const RETRY_SECONDS = 10;

interface RoomOptions {
  readonly config: Pick<Config, 'maxSessions' | 'maxWatchedPairs' | 'maxWatchedPairsPerAddress'>;
  readonly metrics: Pick<Metrics, 'sessions' | 'sessionPairs' | 'refusals'>;
}

/** What is wanted, or was had. */
interface Space {
  readonly holders?: number;
  readonly pairs?: number;
  /** For whom: the client address whose share of the pairs it is in. */
  readonly address: string;
}

/**
 * How much one process watches in all: sessions and streams of many wallets together, and their pairs. A pair that
 * several hold counts in each, as it takes memory in each. Of the pairs each client address has a share, so that none
 * can take the room of all others.
 */
export class Room {
  readonly #options: RoomOptions;
  readonly #spares: ((address?: string) => boolean)[] = [];
  readonly #pairsOf = new Map<string, number>();
  #holders = 0;
  #pairs = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Gives something up that nobody listens to, of that address or of any, and says whether there was anything. */
  addSpare(giveUp: (address?: string) => boolean): void {
    this.#spares.push(giveUp);
  }

  /**
   * Throws RATE_LIMITED where the address has no room for so many more, CAPACITY_EXCEEDED where nobody has. `moved`:
   * pairs that are watched already, and are to be in its share from now on.
   */
  check({ holders = 0, pairs = 0, moved = 0, address }: Space & { readonly moved?: number }): void {
    const { maxSessions, maxWatchedPairs, maxWatchedPairsPerAddress } = this.#options.config;
    const isFull = (held: number, added: number, most: number) => added > 0 && held + added > most;
    // Who has much makes room among what is theirs.
    while (isFull(this.#pairsOf.get(address) ?? 0, pairs + moved, maxWatchedPairsPerAddress))
      if (!this.#makeRoom(address)) throw this.#fullFor(maxWatchedPairsPerAddress);
    while (isFull(this.#holders, holders, maxSessions))
      if (!this.#makeRoom()) throw this.#full('sessions', maxSessions);
    while (isFull(this.#pairs, pairs, maxWatchedPairs))
      if (!this.#makeRoom()) throw this.#full('watched_pairs', maxWatchedPairs);
  }

  count({ holders = 0, pairs = 0, address }: Space): void {
    const { metrics } = this.#options;
    this.#holders += holders;
    this.#pairs += pairs;
    const theirs = (this.#pairsOf.get(address) ?? 0) + pairs;
    if (theirs > 0) this.#pairsOf.set(address, theirs);
    else this.#pairsOf.delete(address);
    metrics.sessions.set(this.#holders);
    metrics.sessionPairs.set(this.#pairs);
  }

  #makeRoom(address?: string): boolean {
    return this.#spares.some((giveUp) => giveUp(address));
  }

  #full(what: 'sessions' | 'watched_pairs', most: number): RetryLaterError {
    this.#options.metrics.refusals.inc({ reason: what });
    const things = what === 'sessions' ? 'sessions' : PAIRS;
    return new RetryLaterError(
      'CAPACITY_EXCEEDED',
      `this server watches no more than ${most} ${things}: try again in ${RETRY_SECONDS} s`,
      RETRY_SECONDS,
    );
  }

  #fullFor(most: number): RetryLaterError {
    this.#options.metrics.refusals.inc({ reason: 'watched_pairs_per_address' });
    return new RetryLaterError(
      'RATE_LIMITED',
      `this server watches no more than ${most} ${PAIRS} for one address: try again in ${RETRY_SECONDS} s`,
      RETRY_SECONDS,
    );
  }
}

const PAIRS = 'pairs of a wallet and a token';
