import { describe } from '../errors.ts';
import { Mailbox } from '../lib/mailbox.ts';
import { Backoff, sleep } from '../lib/retry.ts';
import { blockByHash, LATEST_BLOCK } from './header.ts';
import { followSocket } from './headsocket.ts';
import { Pace } from './pace.ts';
import { BlockUnavailable } from './rpc/errors.ts';
import type { Pool } from './rpc/pool.ts';
import type { Hash, Header } from './types.ts';

const RECONNECT_LEAST_MS = 100;
const RECONNECT_MOST_MS = 2000;
/** A poll that failed is tried again after this long, ever more rarely; a socket gets as long before the first one. */
const POLL_RETRY_LEAST_MS = 200;
/** Where there are several endpoints they are compared once a block, within these bounds. */
const SURVEY_LEAST_MS = 5000;
const SURVEY_MOST_MS = 15_000;
/** How often they are asked while one is left behind, or a block seems to be gone; and how often it is looked. */
const SURVEY_DOUBT_MS = 1000;
const SURVEY_LOOK_MS = 250;

export type HeadSource = 'socket' | 'polling' | 'none';

export interface HeadsObserver {
  head(source: HeadSource): void;
  /** A socket was lost or could not be had; it is tried again. */
  socketLost(reason: string): void;
}

interface HeadsOptions {
  readonly chainId: number;
  readonly pool: Pool;
  /** WebSocket URLs in order of preference; may be empty. */
  readonly sockets: readonly string[];
  readonly blockTimeMs: number;
  readonly timeoutMs: number;
  /** Requests a second to an endpoint; undefined: as many as there are. */
  readonly rateLimit: number | undefined;
  readonly observer: HeadsObserver;
  /** A block that was processed is behind us: an endpoint that lags, or a message that was late, tells of it. */
  readonly isProcessed: (head: Header) => boolean;
  /** The newest that was. */
  readonly tip: () => Header | undefined;
}

/**
 * Hears the chain's newest head: newHeads over a WebSocket, and HTTP polling whenever no socket is proven alive.
 * A socket is proven by its pongs and by keeping up with what HTTP says. Only the newest head is kept: whoever
 * consumes walks back over what it missed. Runs until its signal aborts.
 */
export class Heads {
  readonly #options: HeadsOptions;
  readonly #mailbox = new Mailbox<'head', Header>();
  readonly #pace: Pace;
  #socketAlive = false;
  #latest: Header | undefined;
  #heardAtMs: number | undefined;
  #announcedAtMs: number | undefined;
  #polled = false;
  /** By performance.now(): since when no endpoint has the newest head any more. */
  #goneSinceMs: number | undefined;
  #gone: Hash | undefined;
  #socketLost = new AbortController();
  /** The newest head that anybody told when last all were asked, and when that was. */
  #surveyed: Header | undefined;
  #surveyedAtMs = performance.now();

  constructor(options: HeadsOptions) {
    this.#options = options;
    this.#pace = new Pace(options);
  }

  /** The newest head heard, processed or not. */
  get latest(): Header | undefined {
    return this.#latest;
  }

  /** Whether this block, once the newest, has been proven to exist no more. */
  isGone({ hash }: Header): boolean {
    return hash === this.#gone;
  }

  get source(): HeadSource {
    return this.#socketAlive ? 'socket' : this.#polled ? 'polling' : 'none';
  }

  /** By performance.now(): when the newest head was first heard. */
  get announcedAtMs(): number {
    return this.#announcedAtMs ?? performance.now();
  }

  /** By performance.now(): when a source last said what the head is, new or not. */
  get heardAtMs(): number | undefined {
    return this.#heardAtMs;
  }

  /** Runs both sources. Ends, by throwing its reason, when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#pollWhileNoSocket(signal),
      this.#keepSocket(signal),
      this.#keepSurveying(signal),
    ]);
  }

  /** The newest head, each time there is one to be had. Never ends by itself. */
  async *follow(signal: AbortSignal): AsyncGenerator<Header, void> {
    while (true) {
      if (this.#mailbox.size === 0) await this.#mailbox.wait(signal);
      const head = this.#mailbox.get('head');
      this.#mailbox.clear();
      if (head) yield head;
    }
  }

  /** Asks for the newest head now, over any endpoint, and follows it. */
  async ask(signal: AbortSignal): Promise<Header> {
    const header = await this.#options.pool.request(LATEST_BLOCK, signal);
    this.#hear(header, 'polling');
    await this.#weigh(header, signal);
    return header;
  }

  async #weigh(header: Header, signal: AbortSignal): Promise<void> {
    const known = this.#newestKnown;
    const isOther = known && header.hash !== known.hash && header.number <= known.number;
    if (isOther) await this.#doubt(header, known, signal);
    else this.#goneSinceMs = undefined;
  }

  /** What was heard and never had may be gone while our tip below it is not, or is not known to be yet. */
  get #newestKnown(): Header | undefined {
    const latest = this.#latest;
    const tip = this.#options.tip();
    return tip && tip.number > (latest?.number ?? -1) ? tip : latest;
  }

  /** The chain went back since it was surveyed: by what was said then every socket would be behind. */
  get #isBelowSurveyed(): boolean {
    return (this.#surveyed?.number ?? -1) > (this.#latest?.number ?? -1);
  }

  /** Asks all endpoints, when no new head has come for a while; several are compared besides, now and then. */
  async #keepSurveying(signal: AbortSignal): Promise<never> {
    const { pool, blockTimeMs } = this.#options;
    while (true) {
      await sleep(SURVEY_LOOK_MS, signal);
      const now = performance.now();
      const sinceMs = now - this.#surveyedAtMs;
      const usualMs = Math.min(SURVEY_MOST_MS, Math.max(SURVEY_LEAST_MS, blockTimeMs));
      const isSilent = Math.min(sinceMs, now - (this.#announcedAtMs ?? now)) >= this.#pace.stallMs;
      const isDoubtful = pool.hasLaggards || this.#goneSinceMs !== undefined || this.#isBelowSurveyed;
      const doubts = isDoubtful && sinceMs >= SURVEY_DOUBT_MS;
      const compares = pool.hasSeveralPlaces && sinceMs >= usualMs;
      if (!isSilent && !doubts && !compares) continue;
      await this.#survey(isSilent, signal).catch(() => signal.throwIfAborted());
      this.#surveyedAtMs = performance.now();
    }
  }

  /**
   * Heads come from one source at a time: two endpoints may be of two minds about the newest block, and going to and
   * fro between them would be one reorganisation after the other. So another's word counts only where it is
   * further on our branch, or so far that ours is left behind; and that of whom we ask first also in silence.
   */
  async #survey(isSilent: boolean, signal: AbortSignal): Promise<void> {
    const newest = await this.#options.pool.survey({
      tolerance: this.#pace.tolerance,
      isFarAhead: (header) => this.#isFarAhead(header),
      heard: (header, isPreferred) => {
        const isFurther = header.number > (this.#latest?.number ?? -1);
        const counts = isPreferred ? isFurther || isSilent : isFurther && !this.#isOnAnotherBranch(header);
        if (counts) this.#hear(header, 'polling');
      },
      signal,
    });
    if (!newest) return;
    this.#surveyed = newest;
    await this.#weigh(newest, signal);
  }

  /** Right above our newest, and not its child. */
  #isOnAnotherBranch({ number, parentHash }: Header): boolean {
    const latest = this.#latest;
    return latest !== undefined && number === latest.number + 1 && parentHash !== latest.hash;
  }

  /** Of the blocks that we had, not of what was heard: that may be as wrong. */
  #isFarAhead(header: Header): boolean {
    const tip = this.#options.tip();
    return !tip || header.number - tip.number > this.#pace.tolerance;
  }

  /**
   * A lower head than the newest, or a known one in its place: the endpoint lags, as a rule. But when for as long as
   * a stall takes no endpoint has the newest block any more, and nobody tells of another, it is gone (a node that
   * lost its last blocks, a development chain that was reverted), and what is left is the chain.
   */
  async #doubt(lower: Header, known: Header, signal: AbortSignal): Promise<void> {
    const isGone = await this.#options.pool.request(blockByHash(known.hash), signal).then(
      () => false,
      (error: unknown) => error instanceof BlockUnavailable,
    );
    if (!isGone || known.hash !== this.#newestKnown?.hash) {
      this.#goneSinceMs = undefined;
      return;
    }
    const now = performance.now();
    this.#goneSinceMs ??= now;
    if (now - this.#goneSinceMs < this.#pace.stallMs) return;
    this.#goneSinceMs = undefined;
    this.#gone = known.hash;
    this.#latest = lower;
    this.#mailbox.put('head', lower);
  }

  #hear(header: Header, source: HeadSource): void {
    const now = performance.now();
    const latest = this.#latest;
    if (header.hash !== latest?.hash && !this.#options.isProcessed(header)) {
      if (latest && this.#announcedAtMs !== undefined && header.number > latest.number)
        this.#pace.heard(header.number - latest.number, now - this.#announcedAtMs);
      this.#announcedAtMs = now;
      this.#latest = header;
      this.#options.observer.head(source);
      this.#mailbox.put('head', header);
    }
    this.#heardAtMs = now;
  }

  async #keepSocket(signal: AbortSignal): Promise<void> {
    const { sockets, chainId, timeoutMs, observer } = this.#options;
    const backoff = new Backoff({ leastMs: RECONNECT_LEAST_MS, mostMs: RECONNECT_MOST_MS });
    for (let turn = 0; sockets.length > 0; turn += 1) {
      const url = sockets[turn % sockets.length] ?? '';
      try {
        await followSocket({
          url,
          chainId,
          timeoutMs,
          signal,
          hear: (head) => this.#hear(head, 'socket'),
          proven: () => {
            this.#socketAlive = true;
            backoff.reset();
          },
          surveyed: () => this.#surveyed,
          stallMs: () => this.#pace.stallMs,
          tolerance: () => this.#pace.tolerance,
        });
      } catch (error) {
        signal.throwIfAborted();
        observer.socketLost(describe(error));
      } finally {
        this.#socketAlive = false;
        this.#socketLost.abort();
        this.#socketLost = new AbortController();
      }
      await sleep(backoff.next(), signal);
    }
  }

  async #pollWhileNoSocket(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ leastMs: POLL_RETRY_LEAST_MS, mostMs: RECONNECT_MOST_MS });
    // A socket gets the first word: at the start nothing is polled while it may still connect.
    if (this.#options.sockets.length > 0) await sleep(POLL_RETRY_LEAST_MS, signal);
    while (true) {
      if (this.#socketAlive) {
        this.#polled = false;
        await aborted(AbortSignal.any([signal, this.#socketLost.signal]));
        signal.throwIfAborted();
        continue;
      }
      try {
        await this.ask(signal);
        this.#polled = true;
        backoff.reset();
        await sleep(this.#pace.pollMs, signal);
      } catch {
        signal.throwIfAborted();
        this.#polled = false;
        await sleep(backoff.next(), signal);
      }
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
