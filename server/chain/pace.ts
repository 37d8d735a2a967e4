/**
 * A socket that has not delivered for this many block intervals is cross-checked, within these bounds: on a chain of
 * slow blocks one request more is less than a minute of not knowing.
 */
const STALL_INTERVALS = 3;
const STALL_LEAST_MS = 2000;
const STALL_MOST_MS = 15_000;
/** No chain is taken to be faster, whatever heights an endpoint tells of. */
const INTERVAL_LEAST_MS = 10;
/** Polling asks several times a block, within these bounds. */
const POLLS_PER_BLOCK = 4;
const POLL_LEAST_MS = 200;
const POLL_MOST_MS = 2000;
/** Under a rate limit polling takes no more than this share of it. */
const POLL_SHARE = 1 / 4;
/** An endpoint, or a socket that is not silent, may be so far behind another. */
const TOLERANCE_MS = 2000;

interface PaceOptions {
  /** As the chain is known for; what is observed counts for more. */
  readonly blockTimeMs: number;
  /** Requests a second to an endpoint; undefined: as many as there are. */
  readonly rateLimit: number | undefined;
}

/** How fast a chain's blocks come, as they are heard, and what follows from it for how long to wait. */
export class Pace {
  readonly #options: PaceOptions;
  /** Moving average; undefined until two were heard. */
  #intervalMs: number | undefined;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** So many blocks came in so long. */
  heard(blocks: number, sinceMs: number): void {
    const interval = Math.max(INTERVAL_LEAST_MS, sinceMs / blocks);
    const average = this.#intervalMs ?? interval;
    // A pause is no new pace: it counts for no more than a block that was twice as late as usual.
    this.#intervalMs = average + (Math.min(interval, 2 * average) - average) / 4;
  }

  /** How long a source of heads may be silent before it counts as lost. */
  get stallMs(): number {
    // A chain that pauses (a development chain does) must not make us patient for good.
    const interval = Math.min(this.#intervalMs ?? 0, 2 * this.#options.blockTimeMs);
    return Math.min(STALL_MOST_MS, Math.max(STALL_LEAST_MS, STALL_INTERVALS * interval));
  }

  /** How long to wait between two questions for the newest block. */
  get pollMs(): number {
    const { blockTimeMs, rateLimit = Number.POSITIVE_INFINITY } = this.#options;
    const interval = Math.min(this.#intervalMs ?? Number.POSITIVE_INFINITY, blockTimeMs);
    const wanted = Math.min(POLL_MOST_MS, Math.max(POLL_LEAST_MS, interval / POLLS_PER_BLOCK));
    return Math.max(wanted, 1000 / (POLL_SHARE * rateLimit));
  }

  /** How many blocks an endpoint may be behind another. */
  get tolerance(): number {
    return Math.max(1, Math.ceil(TOLERANCE_MS / (this.#intervalMs ?? this.#options.blockTimeMs)));
  }
}
