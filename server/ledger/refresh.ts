import { CALLS_PER_READ, type Chunk, type Reading, weightOf } from '../chain/multicall/reader.ts';
import { type BlockRef, NATIVE } from '../chain/types.ts';
import { describe } from '../errors.ts';
import { Backoff } from '../lib/retry.ts';
import { isDue, type WatchedPair } from './pair.ts';

const RETRY_LEAST_MS = 100;
const RETRY_MOST_MS = 2000;
/**
 * Reads under way at once: with an upstream that does not keep up pairs wait to be read, never reads. Those of tokens
 * that are not known to be well are counted by themselves, so that they hold up no others.
 */
export const READS_AT_ONCE = 16;

const LANES = ['trusted', 'others'] as const;

/** Hands out each part of the readings as soon as it is had. */
export type Read = (
  pairs: readonly WatchedPair[],
  pin: BlockRef,
  signal: AbortSignal,
  had: (pairs: readonly WatchedPair[], readings: readonly Reading[]) => void,
) => Promise<void>;

/** Merges what was read at that block. */
export type Settle = (pairs: readonly WatchedPair[], readings: readonly Reading[], pin: BlockRef) => void;

/** Whether all pairs of a read are known to be well; each kind of read has its own turns. */
type Lane = (typeof LANES)[number];

interface RefreshOptions {
  /** Least time between two reads of tokens under load. */
  readonly windowMs: number;
  readonly pin: () => BlockRef | undefined;
  /** Splits what is to be read into reads that can do each other no harm. */
  readonly chunks: (pairs: readonly WatchedPair[]) => readonly Chunk<WatchedPair>[];
  readonly read: Read;
  /** A pair that is still due afterwards is read again. */
  readonly settle: Settle;
  readonly signal: AbortSignal;
}

/**
 * Turns touches into reads: the first one after quiet at once, then at most one read in a window, each for all
 * that was touched since, across every wallet of the chain. A touched pair leaves only when it was read: a
 * failed read goes back to the queue. What finds as many reads under way as there may be is parked, and looked at
 * again when one of these has ended, a read's worth at a time: however much waits, nobody goes through all of it twice.
 * Fed by the ledger, which also gets the readings.
 */
export class Refresh {
  readonly #options: RefreshOptions;
  readonly #tokens = new Set<WatchedPair>();
  readonly #natives = new Set<WatchedPair>();
  readonly #parked: Readonly<Record<Lane, Set<WatchedPair>>> = { trusted: new Set(), others: new Set() };
  readonly #underWay: Record<Lane, number> = { trusted: 0, others: 0 };
  readonly #backoff = new Backoff({ leastMs: RETRY_LEAST_MS, mostMs: RETRY_MOST_MS });
  #timer: NodeJS.Timeout | undefined;
  #flushSoon = false;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = 0;
  #failure: string | undefined;

  constructor(options: RefreshOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
  }

  /** Why the last read failed; undefined once one succeeded since. */
  get failure(): string | undefined {
    return this.#failure;
  }

  add(pair: WatchedPair): void {
    const { trusted, others } = this.#parked;
    if (!trusted.has(pair) && !others.has(pair)) this.#queueOf(pair).add(pair);
    this.schedule();
  }

  delete(pair: WatchedPair): void {
    this.#queueOf(pair).delete(pair);
    for (const lane of LANES) this.#parked[lane].delete(pair);
  }

  /** Reads what is queued as soon as it may: at the end of this turn, so that what comes together goes together. */
  schedule(): void {
    const { signal, windowMs, pin } = this.#options;
    if (signal.aborted || this.#flushSoon || this.#isEmpty || !pin()) return;
    // Native balances, which every block touches, must not use up the window of a token's.
    const areTokens = this.#tokens.size > 0 || this.#canUnpark;
    const windowEndMs = areTokens ? this.#readAtMs + windowMs : 0;
    const waitMs = Math.max(windowEndMs, this.#notBeforeMs) - performance.now();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.#flush(), waitMs);
      return;
    }
    this.#flushSoon = true;
    queueMicrotask(() => {
      this.#flushSoon = false;
      this.#flush();
    });
  }

  get #isEmpty(): boolean {
    return this.#tokens.size === 0 && this.#natives.size === 0 && !this.#canUnpark;
  }

  get #canUnpark(): boolean {
    return LANES.some((lane) => this.#parked[lane].size > 0 && this.#free(lane) > 0);
  }

  #free(lane: Lane): number {
    return READS_AT_ONCE - this.#underWay[lane];
  }

  #queueOf(pair: WatchedPair): Set<WatchedPair> {
    return pair.token === NATIVE ? this.#natives : this.#tokens;
  }

  #flush(): void {
    const { signal, pin, chunks } = this.#options;
    const at = pin();
    if (signal.aborted || !at || this.#isEmpty) return;
    const unparked = LANES.flatMap((lane) => this.#unpark(lane));
    if (this.#tokens.size > 0 || unparked.length > 0) this.#readAtMs = performance.now();
    // Tokens first: native balances fill what is left of a read, and only the rest of them takes more.
    const pairs = [...unparked, ...this.#tokens, ...this.#natives];
    this.#tokens.clear();
    this.#natives.clear();
    for (const chunk of chunks(pairs)) {
      const lane = chunk.isTrusted ? 'trusted' : 'others';
      if (this.#free(lane) > 0) void this.#readIn(lane, chunk.pairs, at);
      // Whoever ends a read looks here again.
      else for (const pair of chunk.pairs) this.#parked[lane].add(pair);
    }
  }

  /** As many as there are reads for at the moment, those first that have waited longest. */
  #unpark(lane: Lane): WatchedPair[] {
    const pairs: WatchedPair[] = [];
    let room = this.#free(lane) * CALLS_PER_READ;
    for (const pair of this.#parked[lane]) {
      room -= weightOf(pair);
      if (room < 0) break;
      pairs.push(pair);
    }
    for (const pair of pairs) this.#parked[lane].delete(pair);
    return pairs;
  }

  async #readIn(lane: Lane, pairs: readonly WatchedPair[], at: BlockRef): Promise<void> {
    this.#underWay[lane] += 1;
    await this.#read(pairs, at);
    this.#underWay[lane] -= 1;
    this.#queue(pairs.filter(isDue));
    this.schedule();
  }

  #queue(pairs: readonly WatchedPair[]): void {
    for (const pair of pairs) this.#queueOf(pair).add(pair);
  }

  async #read(pairs: readonly WatchedPair[], at: BlockRef): Promise<void> {
    const { read, settle, pin, signal } = this.#options;
    try {
      await read(pairs, at, signal, (part, readings) => settle(part, readings, at));
      this.#failure = undefined;
      // A read that settles nothing, at a head that still stands, is not to be repeated at full speed either.
      if (pairs.some(isDue) && pin()?.hash === at.hash) this.#pause();
      else {
        this.#notBeforeMs = 0;
        this.#backoff.reset();
      }
    } catch (error) {
      if (signal.aborted) return;
      // Another read may have settled it all meanwhile: then nobody misses what this one would have said.
      if (pairs.some(isDue)) {
        this.#failure = describe(error);
        this.#pause();
      }
    }
  }

  #pause(): void {
    this.#notBeforeMs = performance.now() + this.#backoff.next();
  }
}
