import { withDeadline } from '../lib/deadline.ts';
import { Mailbox } from '../lib/mailbox.ts';
import { sleep } from '../lib/retry.ts';
import type { Lineage } from './lineage.ts';
import type { Requester } from './rpc/message.ts';
import { settledAfter } from './settled.ts';
import { Tag } from './tag.ts';
import type { BlockRef } from './types.ts';

/** The endpoints are asked after a head, and no more often than this. */
const ASK_LEAST_MS = 1000;
/** Where no block comes they are asked so often: what there is may still become final. */
const ASK_MOST_MS = 15_000;
/** The longest that anybody waits for the first answers. */
const FIRST_ANSWER_MS = 1000;

interface FinalityOptions {
  readonly pool: Requester;
  readonly lineage: Lineage;
  /** What is told may have changed. */
  readonly changed: () => void;
}

/**
 * Which blocks of one chain are safe and which are final, as its endpoints say: asked while somebody wants to know,
 * once for all, beside everything else. Fed by the chain's advances too, so that no block is told before it was
 * processed, nor after it was replaced. Runs until its signal aborts.
 */
export class Finality {
  readonly #options: FinalityOptions;
  readonly #safe = new Tag('safe');
  readonly #finalized = new Tag('finalized');
  readonly #news = new Mailbox<'head', true>();
  #followers = 0;
  #isKnown = false;

  constructor(options: FinalityOptions) {
    this.#options = options;
  }

  /** Null where no endpoint says. What is final is safe, too. */
  get safe(): BlockRef | null {
    const { told: safe } = this.#safe.settled;
    const { finalized } = this;
    return safe && finalized && finalized.number > safe.number ? finalized : safe;
  }

  get finalized(): BlockRef | null {
    return this.#finalized.settled.told;
  }

  /** Whether the endpoints have been asked of late, and have answered or had the time to. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Wants to know, until it is disposed of. */
  follow(): Disposable {
    this.#followers += 1;
    this.#news.wake();
    return {
      [Symbol.dispose]: () => {
        this.#followers -= 1;
      },
    };
  }

  /** The lineage has moved: blocks above that height were replaced, or none. */
  advanced(forkedAbove: number | undefined): void {
    for (const tag of [this.#safe, this.#finalized])
      tag.settled = settledAfter(tag.settled, forkedAbove, this.#options.lineage);
    this.#news.put('head', true);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      if (this.#followers === 0 || !this.#options.lineage.tip) {
        this.#isKnown = false;
        await this.#news.wait(signal);
        continue;
      }
      const isHeadNew = this.#news.size > 0;
      this.#news.clear();
      await this.#askBoth(isHeadNew || !this.#isKnown, signal);
      await sleep(ASK_LEAST_MS, signal);
      if (this.#news.size > 0) continue;
      const awaited = withDeadline(ASK_MOST_MS, signal, (deadline) => this.#news.wait(deadline));
      await awaited.catch(() => signal.throwIfAborted());
    }
  }

  async #askBoth(isHeadNew: boolean, signal: AbortSignal): Promise<void> {
    const timer = setTimeout(() => this.#answered(), FIRST_ANSWER_MS);
    try {
      await Promise.all(
        [this.#safe, this.#finalized].map(async (tag) => {
          if (tag.isDue(isHeadNew)) await tag.ask(this.#options, signal);
        }),
      );
    } finally {
      clearTimeout(timer);
    }
    this.#answered();
  }

  #answered(): void {
    this.#isKnown = true;
    this.#options.changed();
  }
}
