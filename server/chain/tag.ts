import { Backoff } from '../lib/retry.ts';
import { blockByTag } from './header.ts';
import type { Lineage } from './lineage.ts';
import type { Requester } from './rpc/message.ts';
import { type Settled, settledBy, UNSETTLED } from './settled.ts';

/** A tag that no endpoint knows is asked for ever more rarely, down to once in this time. */
const UNKNOWN_LEAST_MS = 1000;
export const UNKNOWN_MOST_MS = 60_000;

interface Asked {
  readonly pool: Requester;
  readonly lineage: Lineage;
}

/** One of the two words that chains have for blocks that stand: what it names, and when it is to be asked for again. */
export class Tag {
  settled: Settled = UNSETTLED;
  readonly #name: 'safe' | 'finalized';
  readonly #now: () => number;
  readonly #backoff = new Backoff({ leastMs: UNKNOWN_LEAST_MS, mostMs: UNKNOWN_MOST_MS });
  /** Not asked for again before; undefined while it is answered. */
  #restsUntilMs: number | undefined;

  constructor(name: 'safe' | 'finalized', now: () => number = () => performance.now()) {
    this.#name = name;
    this.#now = now;
  }

  /** One that had no answer waits for a head: while the endpoints are away there is none, and it costs no patience. */
  isDue(isHeadNew: boolean): boolean {
    return this.#restsUntilMs === undefined || (isHeadNew && this.#now() >= this.#restsUntilMs);
  }

  /** Never fails but by the signal: an endpoint that does not say is asked another time. */
  async ask({ pool, lineage }: Asked, signal: AbortSignal): Promise<void> {
    try {
      const { number, hash, timestamp } = await pool.request(blockByTag(this.#name), signal);
      this.settled = settledBy(this.settled, { number, hash, timestamp }, lineage);
      this.#restsUntilMs = undefined;
      this.#backoff.reset();
    } catch {
      signal.throwIfAborted();
      this.#restsUntilMs = this.#now() + this.#backoff.next();
    }
  }
}
