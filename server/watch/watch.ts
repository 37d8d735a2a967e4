import type { Address, BlockRef } from '../chain/types.ts';
import type { Entry } from '../ledger/entry.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { Change } from '../ledger/registry.ts';
import { Alarms, type Wish } from './alarms.ts';
import { blockOf, decodeCursor, encodeCursor, splitCursors } from './cursor.ts';
import type { Holder, Holdings } from './holdings.ts';
import { Said } from './said.ts';
import { balanceToSend, isHeld, type News, type Unsent, withNews } from './unsent.ts';
import type { Update, UpdateCause, UpdatedBalance } from './update.ts';

/** Whose watch it is. */
export interface WatchListener {
  /** There may be something to take. */
  readonly news: () => void;
  /** It has ended, by whomever. */
  readonly ended: () => void;
}

interface WatchOptions extends WatchListener {
  readonly holdings: Holdings;
  /** What the subscriber wants of some of the pairs; of the others it is told everything. */
  readonly wishes?: ReadonlyMap<WatchedPair, Wish>;
  readonly after: string | undefined;
}

/**
 * One subscriber of one chain's holdings: a snapshot once all is read, or what changed since its cursor; then diffs.
 * The ledger feeds it without ever waiting; a stream takes from it at the pace of the door. However slow that is, what
 * waits is at most one value a pair.
 */
export class Watch implements Holder {
  readonly #options: WatchOptions;
  readonly #holdings: Holdings;
  readonly #name: string;
  readonly #alarms: Alarms;
  readonly #unsent = new Map<WatchedPair, Unsent>();
  readonly #removed = new Set<Address>();
  readonly #stands = (block: BlockRef) => this.#holdings.ledger.isCanonical(block);
  /** Pairs without a first value; the snapshot waits for them. Undefined once it was sent. */
  #awaiting: Set<WatchedPair> | undefined;
  #snapshotCause: UpdateCause = 'SUBSCRIBED';
  #cursor: string | undefined;
  #isEnded = false;
  readonly #holding: Disposable;

  constructor(options: WatchOptions) {
    const { holdings, wishes = new Map(), after } = options;
    this.#options = options;
    this.#holdings = holdings;
    // What was not wanted has not been sent: a cursor from here says nothing to who wants it all.
    this.#name = wishes.size > 0 ? `${holdings.name}c` : holdings.name;
    this.#alarms = new Alarms(wishes);
    this.#holding = holdings.hold(this);
    // What a subscriber with wishes has seen is known while it is here alone.
    const resumed = wishes.size > 0 ? undefined : this.#resumeSeq(after);
    if (resumed === undefined) this.#awaitAll();
    else this.#resume(resumed);
  }

  /** Where the subscriber stands; undefined before the snapshot. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  get chainId(): number {
    return this.#holdings.chainId;
  }

  /** Whether the subscriber has been told all that there is to tell. */
  get isCaughtUp(): boolean {
    if (this.#awaiting || this.#unsent.size > 0 || this.#removed.size > 0) return false;
    for (const { entry } of this.#holdings.pairs()) if (!entry) return false;
    return true;
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#holding[Symbol.dispose]();
    this.#options.ended();
  }

  /** Those already known are sent, the others as soon as they are read. */
  added(pairs: readonly WatchedPair[]): void {
    for (const pair of pairs) {
      if (pair.spender === undefined) this.#removed.delete(pair.token);
      if (this.#awaiting) {
        if (!pair.entry) this.#awaiting.add(pair);
      } else if (pair.entry) {
        const seq = this.#holdings.addedSeq(pair);
        this.#put(pair, { held: undefined, cause: 'SESSION_CHANGED', seq });
      }
    }
  }

  removed(pairs: readonly WatchedPair[]): void {
    for (const pair of pairs) {
      this.#awaiting?.delete(pair);
      this.#unsent.delete(pair);
      if (!this.#awaiting && pair.spender === undefined) this.#removed.add(pair.token);
    }
    // A spender that left while the token stayed has no word of its own in a diff.
    const lostSpender = pairs.some(
      ({ owner, token, spender }) => spender !== undefined && this.#holdsBalance(owner, token),
    );
    if (lostSpender && !this.#awaiting) this.#beginAnew('SESSION_CHANGED');
    this.#options.news();
  }

  changed({ pair, entry, previous }: Change): void {
    if (this.#awaiting) {
      this.#awaiting.delete(pair);
      if (this.#awaiting.size === 0) this.#options.news();
      return;
    }
    const cause = entry.cause === 'SUBSCRIBED' ? 'SESSION_CHANGED' : entry.cause;
    if (isSilent(pair) && previous && previous.balance.amount !== null) {
      this.#beginAnew(cause);
      this.#options.news();
    } else this.#put(pair, { held: previous?.balance, cause, seq: pair.changedSeq });
  }

  /** What there is to send; undefined where there is nothing yet. */
  take(): Update | undefined {
    const update = this.#isEnded ? undefined : this.#awaiting ? this.#takeSnapshot() : this.#takeDiff();
    if (update) this.#cursor = update.cursor;
    return update;
  }

  #put(pair: WatchedPair, change: News): void {
    this.#unsent.set(pair, withNews(this.#unsent.get(pair), pair, change, this.#stands));
    this.#options.news();
  }

  #takeSnapshot(): Update | undefined {
    if (this.#awaiting && this.#awaiting.size > 0) return undefined;
    const through = this.#holdings.settledThrough();
    if (!through) return undefined;
    this.#awaiting = undefined;
    const said = new Said();
    for (const pair of this.#holdings.pairs())
      if (pair.entry) said.add(pair, this.#shown(pair, pair.entry), pair.entry);
    // A snapshot is as old as its oldest part.
    return this.#update('SNAPSHOT', this.#snapshotCause, { said, removed: [], through, block: through });
  }

  /** What waits with the cause of the first one; the rest follows at the next pull. */
  #takeDiff(): Update | undefined {
    while (this.#unsent.size > 0 || this.#removed.size > 0) {
      const through = this.#holdings.settledThrough();
      if (!through) return undefined;
      const [first] = this.#unsent.values();
      const cause = this.#removed.size > 0 || !first ? 'SESSION_CHANGED' : first.cause;
      const removed = [...this.#removed];
      this.#removed.clear();
      const said = new Said();
      for (const [pair, unsent] of this.#unsent) {
        if (unsent.cause !== cause) continue;
        this.#unsent.delete(pair);
        const { entry } = pair;
        if (!entry || isHeld(unsent, entry, this.#stands)) continue;
        const balance = balanceToSend(unsent, entry);
        const sent = pair.spender === undefined ? this.#alarms.changed(pair, balance, cause) : balance;
        if (sent) said.add(pair, sent, entry);
      }
      // A diff says of its own balances when they were read.
      const { newest } = said;
      const block = newest && newest.number > through.number ? newest : through;
      if (!said.isEmpty || removed.length > 0)
        return this.#update('DIFF', cause, { said, removed, through, block });
    }
    return undefined;
  }

  #shown(pair: WatchedPair, { balance }: Entry): UpdatedBalance {
    return pair.spender === undefined ? this.#alarms.shown(pair, balance) : balance;
  }

  #update(
    kind: Update['kind'],
    cause: UpdateCause,
    {
      said: { balances, allowances },
      removed,
      through,
      block,
    }: { said: Said; removed: readonly Address[]; through: BlockRef; block: BlockRef },
  ): Update {
    const { ledger, chainId } = this.#holdings;
    let seq = ledger.seq;
    for (const { firstSeq } of this.#unsent.values()) seq = Math.min(seq, firstSeq - 1);
    return {
      kind,
      cause,
      cursor: encodeCursor({ epoch: ledger.epoch, stream: this.#name, seq, ...through }),
      chainId,
      block,
      balances,
      allowances,
      removed,
      announcedAtMs: cause === 'EVENT' && block.hash === ledger.head?.hash ? ledger.announcedAtMs : null,
    };
  }

  #holdsBalance(owner: Address, token: Address): boolean {
    const pair = this.#holdings.ledger.pair(owner, token);
    return pair !== undefined && this.#holdings.has(pair);
  }

  #beginAnew(cause: UpdateCause): void {
    this.#awaitAll();
    this.#snapshotCause = cause;
  }

  #awaitAll(): void {
    this.#unsent.clear();
    this.#removed.clear();
    this.#awaiting = new Set([...this.#holdings.pairs()].filter(({ entry }) => !entry));
  }

  /** The sequence number to resume after, or undefined where nothing proves what the subscriber holds. */
  #resumeSeq(after: string | undefined): number | undefined {
    const { ledger, shrunkSeq } = this.#holdings;
    if (after === undefined) return undefined;
    for (const text of splitCursors(after)) {
      const cursor = decodeCursor(text);
      if (!cursor || cursor.epoch !== ledger.epoch || cursor.stream !== this.#name) continue;
      const { seq } = cursor;
      if (seq > ledger.seq || seq < shrunkSeq || !ledger.isCanonical(blockOf(cursor))) return undefined;
      this.#cursor = text;
      return seq;
    }
    return undefined;
  }

  /** Everything that changed, or came into view, after that number; what has no value yet comes by itself. */
  #resume(seq: number): void {
    for (const pair of this.#holdings.pairs()) {
      const { entry } = pair;
      const addedSeq = this.#holdings.addedSeq(pair);
      if (!entry || Math.max(pair.changedSeq, addedSeq) <= seq) continue;
      if (addedSeq <= seq && isSilent(pair)) {
        this.#awaitAll();
        return;
      }
      const cause = entry.cause === 'SUBSCRIBED' || addedSeq > seq ? 'SESSION_CHANGED' : entry.cause;
      // What it holds is some earlier value, which one is not known: it is sent whatever it is now.
      this.#unsent.set(pair, {
        pair,
        held: undefined,
        cause,
        transactions: entry.balance.transactions,
        block: entry.balance.block,
        firstSeq: seq + 1,
        single: true,
      });
    }
  }
}

/** An allowance that cannot be read is in no update: what was told of it before, only a snapshot takes back. */
function isSilent({ spender, entry }: WatchedPair): boolean {
  return spender !== undefined && entry?.balance.amount === null;
}
