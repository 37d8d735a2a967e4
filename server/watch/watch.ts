import type { Address, BlockRef } from '../chain/types.ts';
import type { Balance, Entry } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { Change } from '../ledger/registry.ts';
import { Mailbox } from '../lib/mailbox.ts';
import { blockOf, decodeCursor, encodeCursor } from './cursor.ts';
import type { OwnerWatcher } from './owner.ts';
import { balanceToSend, isHeld, type News, type Unsent, withNews } from './unsent.ts';
import type { Update, UpdateCause } from './update.ts';

/** Which tokens a subscriber sees, and since when. */
export interface View {
  /** Token → the ledger's sequence number when it came into view. */
  readonly tokens: ReadonlyMap<Address, number>;
  /** When a token last left the view. */
  readonly shrunkSeq: number;
  /** Names the view in cursors: one of another view proves nothing here. */
  readonly name: string;
}

interface WatchOptions {
  readonly chainId: number;
  readonly ledger: Ledger;
  readonly watcher: OwnerWatcher;
  readonly view: View;
  readonly after: string | undefined;
  readonly ended: (watch: Watch) => void;
}

/**
 * One subscriber: a snapshot once all is read, or what changed since its cursor; then diffs. The ledger feeds its
 * mailbox without ever waiting; the door's socket drains it. However slow it is, what waits is at most one value
 * a token. Ends with `return()`.
 */
export class Watch implements AsyncIterableIterator<Update> {
  readonly #options: WatchOptions;
  readonly #unsent = new Mailbox<Address, Unsent>();
  readonly #removed = new Set<Address>();
  /** Tokens without a first value; the snapshot waits for them. Undefined once it was sent. */
  #awaiting: Set<Address> | undefined;
  readonly #controller = new AbortController();
  readonly #listening: Disposable;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#listening = options.watcher.listen((change) => this.#changed(change));
    const resumed = this.#resumeSeq(options.after);
    if (resumed === undefined) this.#awaitAll();
    else this.#resume(resumed);
  }

  async next(): Promise<IteratorResult<Update, undefined>> {
    while (!this.#controller.signal.aborted) {
      const update = this.#take();
      if (update) return { done: false, value: update };
      await this.#unsent.wait(this.#controller.signal).catch(() => {});
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Update, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  end(): void {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort();
    this.#listening[Symbol.dispose]();
    this.#options.ended(this);
  }

  /** Tokens came into view; those already known are sent, the others as soon as they are read. */
  tokensAdded(tokens: readonly Address[]): void {
    for (const token of tokens) {
      this.#removed.delete(token);
      const pair = this.#pair(token);
      if (this.#awaiting) {
        if (!pair?.entry) this.#awaiting.add(token);
      } else if (pair?.entry) {
        this.#put(pair, { held: undefined, cause: 'SESSION_CHANGED', seq: this.#seenSince(token) });
      }
    }
  }

  tokensRemoved(tokens: readonly Address[]): void {
    for (const token of tokens) {
      this.#awaiting?.delete(token);
      this.#unsent.delete(token);
      if (!this.#awaiting) this.#removed.add(token);
    }
    this.#unsent.wake();
  }

  #changed({ pair, entry, previous }: Change): void {
    if (pair.spender || !this.#options.view.tokens.has(pair.token)) return;
    if (this.#awaiting) {
      this.#awaiting.delete(pair.token);
      if (this.#awaiting.size === 0) this.#unsent.wake();
      return;
    }
    const cause = entry.cause === 'SUBSCRIBED' ? 'SESSION_CHANGED' : entry.cause;
    this.#put(pair, { held: previous?.balance, cause, seq: pair.changedSeq });
  }

  #put(pair: WatchedPair, change: News): void {
    this.#unsent.put(pair.token, withNews(this.#unsent.get(pair.token), pair, change));
  }

  #take(): Update | undefined {
    if (!this.#awaiting) return this.#takeDiff();
    if (this.#awaiting.size > 0) return undefined;
    this.#awaiting = undefined;
    const entries = [...this.#options.view.tokens.keys()].flatMap((token) => this.#pair(token)?.entry ?? []);
    return this.#update('SNAPSHOT', 'SUBSCRIBED', entries, {});
  }

  /** What waits with the cause of the first one; the rest follows at the next pull. */
  #takeDiff(): Update | undefined {
    while (this.#unsent.size > 0 || this.#removed.size > 0) {
      const [first] = this.#unsent.values();
      const cause = this.#removed.size > 0 || !first ? 'SESSION_CHANGED' : first.cause;
      const removed = [...this.#removed];
      this.#removed.clear();
      const entries: Entry[] = [];
      const balances: Balance[] = [];
      for (const [token, unsent] of this.#unsent.entries()) {
        if (unsent.cause !== cause) continue;
        this.#unsent.delete(token);
        const entry = unsent.pair.entry;
        if (!entry || isHeld(unsent, entry)) continue;
        entries.push(entry);
        balances.push(balanceToSend(unsent, entry));
      }
      if (balances.length > 0 || removed.length > 0)
        return this.#update('DIFF', cause, entries, { balances, removed });
    }
    return undefined;
  }

  #update(
    kind: Update['kind'],
    cause: UpdateCause,
    entries: readonly Entry[],
    { balances, removed = [] }: { balances?: readonly Balance[]; removed?: readonly Address[] },
  ): Update | undefined {
    const { chainId, ledger, watcher, view } = this.#options;
    const through = ledger.settledThrough(watcher.owner);
    if (!through) return undefined;
    let seq = ledger.seq;
    for (const { firstSeq } of this.#unsent.values()) seq = Math.min(seq, firstSeq - 1);
    // A snapshot is as old as its oldest part; a diff says of its own balances when they were read.
    const newest = (a: BlockRef, { readAt }: Entry) => (readAt.number > a.number ? readAt : a);
    const block = kind === 'SNAPSHOT' ? through : entries.reduce<BlockRef>(newest, through);
    return {
      kind,
      cause,
      cursor: encodeCursor({ epoch: ledger.epoch, stream: view.name, seq, ...through }),
      chainId,
      block,
      balances: balances ?? entries.map((entry) => entry.balance),
      allowances: [],
      removed,
      announcedAtMs: cause === 'EVENT' && block.hash === ledger.head?.hash ? ledger.announcedAtMs : null,
    };
  }

  #pair(token: Address): WatchedPair | undefined {
    const { ledger, watcher } = this.#options;
    return ledger.pair(watcher.owner, token);
  }

  #seenSince(token: Address): number {
    const { ledger, view } = this.#options;
    return view.tokens.get(token) ?? ledger.seq;
  }

  #awaitAll(): void {
    const tokens = [...this.#options.view.tokens.keys()];
    this.#awaiting = new Set(tokens.filter((token) => !this.#pair(token)?.entry));
  }

  /** The sequence number to resume after, or undefined where nothing proves what the subscriber holds. */
  #resumeSeq(after: string | undefined): number | undefined {
    const { ledger, watcher, view } = this.#options;
    const cursor = after === undefined ? undefined : decodeCursor(after);
    if (!cursor || cursor.epoch !== ledger.epoch || cursor.stream !== view.name) return undefined;
    const proven =
      cursor.seq <= ledger.seq &&
      cursor.seq >= watcher.sinceSeq &&
      cursor.seq >= view.shrunkSeq &&
      ledger.isCanonical(blockOf(cursor));
    return proven ? cursor.seq : undefined;
  }

  /** Everything that changed, or came into view, after that number; what has no value yet comes by itself. */
  #resume(seq: number): void {
    for (const [token, addedSeq] of this.#options.view.tokens) {
      const pair = this.#pair(token);
      const entry = pair?.entry;
      if (!pair || !entry || Math.max(pair.changedSeq, addedSeq) <= seq) continue;
      const cause = entry.cause === 'SUBSCRIBED' || addedSeq > seq ? 'SESSION_CHANGED' : entry.cause;
      // What it holds is some earlier value, which one is not known: it is sent whatever it is now.
      this.#unsent.put(token, {
        pair,
        held: undefined,
        cause,
        transactions: entry.balance.transactions,
        firstSeq: seq + 1,
        single: true,
      });
    }
  }
}
