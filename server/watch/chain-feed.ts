import type { Advance } from '../chain/blocks.ts';
import { Finality } from '../chain/finality.ts';
import type { Lineage } from '../chain/lineage.ts';
import type { Requester } from '../chain/rpc/message.ts';
import type { BlockRef } from '../chain/types.ts';
import { Mailbox } from '../lib/mailbox.ts';
import { mergeUnread } from './reorgs.ts';
import type { ChainUpdate, Reorg } from './service.ts';

interface ChainFeedOptions {
  readonly chainId: number;
  readonly pool: Requester;
  readonly lineage: Lineage;
}

type Step = Pick<Advance, 'tip' | 'forkedAbove' | 'complete'>;

/**
 * Where one chain stands, for whoever follows it: its head, what of it is safe and final, and what was replaced. Fed
 * by the chain's advances once the ledger has taken them in, and by the endpoints' words on finality; drained by each
 * follower at its own pace. Ends with the service.
 */
export class ChainFeed {
  readonly #chainId: number;
  readonly #finality: Finality;
  readonly #followers = new Set<Follower>();
  #now: ChainUpdate | undefined;
  #isEnded = false;

  constructor({ chainId, pool, lineage }: ChainFeedOptions) {
    this.#chainId = chainId;
    const changed = () => this.#now && this.#publish(this.#now.head, null);
    this.#finality = new Finality({ pool, lineage, changed });
  }

  /** Where it stands; undefined before the first block. */
  get now(): ChainUpdate | undefined {
    return this.#now;
  }

  /** Whether there is something to begin with: a head, and a word on finality unless that takes too long. */
  get isReady(): boolean {
    return this.#now !== undefined && this.#finality.isKnown;
  }

  /** Takes in one step of the chain. */
  advance({ tip, forkedAbove, complete }: Step): void {
    const from = this.#now?.head;
    const isReorg = from !== undefined && forkedAbove !== undefined;
    // Where nobody looked how far back it goes, no block is known to stand.
    this.#finality.advanced(isReorg && !complete ? -1 : forkedAbove);
    this.#publish(tip, isReorg ? { depth: from.number - forkedAbove, from, to: tip } : null);
  }

  /** Has the endpoints asked what is safe and what is final, while anybody follows. Ends when the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#finality.run(signal);
  }

  follow(signal: AbortSignal): AsyncIterableIterator<ChainUpdate> {
    const interest = this.#finality.follow();
    const follower = new Follower(this, () => {
      this.#followers.delete(follower);
      interest[Symbol.dispose]();
    });
    this.#followers.add(follower);
    const end = () => follower.end();
    if (signal.aborted || this.#isEnded) end();
    else signal.addEventListener('abort', end, { once: true });
    return follower;
  }

  /** Ends every follower's stream, now and as it comes. */
  drain(): void {
    this.#isEnded = true;
    for (const follower of this.#followers) follower.end();
  }

  #publish(head: BlockRef, reorg: Reorg | null): void {
    const { safe, finalized } = this.#finality;
    this.#now = { chainId: this.#chainId, head, safe, finalized, reorg: null };
    for (const follower of this.#followers) follower.tell({ ...this.#now, reorg });
  }
}

/**
 * One follower: where the chain stands, then what has changed since it was last told. What waits for a slow one is
 * one update, the newest, with every reorganisation on the way to it. Ends with `return()`.
 */
class Follower implements AsyncIterableIterator<ChainUpdate> {
  readonly #feed: ChainFeed;
  readonly #ended: () => void;
  readonly #unread = new Mailbox<'update', ChainUpdate>();
  readonly #controller = new AbortController();
  #told: ChainUpdate | undefined;

  constructor(feed: ChainFeed, ended: () => void) {
    this.#feed = feed;
    this.#ended = ended;
  }

  /** Before it was told anything, there is nothing that it could have to take back. */
  tell(update: ChainUpdate): void {
    if (this.#told) this.#unread.put('update', mergeUnread(this.#unread.get('update'), update));
    else this.#unread.wake();
  }

  async next(): Promise<IteratorResult<ChainUpdate, undefined>> {
    while (!this.#controller.signal.aborted) {
      const update = this.#take();
      if (update) {
        this.#told = update;
        return { done: false, value: update };
      }
      await this.#unread.wait(this.#controller.signal).catch(() => {});
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<ChainUpdate, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  end(): void {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort();
    this.#ended();
  }

  #take(): ChainUpdate | undefined {
    if (!this.#told) return this.#feed.isReady ? this.#feed.now : undefined;
    const update = this.#unread.get('update');
    this.#unread.clear();
    return update && (update.reorg || !isSame(update, this.#told)) ? update : undefined;
  }
}

/** The endpoints may have been asked and have said what they said before. */
function isSame(one: ChainUpdate, other: ChainUpdate): boolean {
  return (['head', 'safe', 'finalized'] as const).every((name) => one[name]?.hash === other[name]?.hash);
}
