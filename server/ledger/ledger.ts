import { randomBytes } from 'node:crypto';
import type { Advance, WatchedWallets } from '../chain/blocks.ts';
import type { Lineage } from '../chain/lineage.ts';
import { CALLS_PER_READ, type Reader, type Reading } from '../chain/multicall/reader.ts';
import { type Address, type BlockRef, NATIVE } from '../chain/types.ts';
import { type Entry, merge } from './entry.ts';
import { NativeTurns } from './natives.ts';
import { combine, transactionsThrough, type Unsettled, type WatchedPair } from './pair.ts';
import { Refresh } from './refresh.ts';

/** That a pair's entry is another one now. Announced in the same synchronous step as it was merged. */
export interface Change {
  readonly pair: WatchedPair;
  readonly entry: Entry;
  readonly previous: Entry | undefined;
}

export type Sink = (change: Change) => void;

export interface LedgerObserver {
  /** A reconciliation found a value that no event had announced. */
  reconciled(): void;
  /** How many pairs are watched now. */
  watched(pairs: number): void;
}

interface LedgerOptions {
  readonly reader: Reader;
  readonly lineage: Lineage;
  readonly windowMs: number;
  readonly observer: LedgerObserver;
  readonly signal: AbortSignal;
}

interface Wallet {
  readonly pairs: Map<Address, WatchedPair>;
  readonly unsettled: Set<WatchedPair>;
  readonly addedVersion: number;
  readonly sink: Sink;
}

/**
 * What we know of one chain: every watched pair, its value, and what must still be read. Fed by the advances of
 * the chain and by who watches; announces changes to each wallet's sink. How it stores is nobody else's concern.
 */
export class Ledger {
  /** Names this ledger's sequence numbers: those of another process mean nothing here. */
  readonly epoch = randomBytes(6).toString('hex');
  readonly #options: LedgerOptions;
  readonly #wallets = new Map<Address, Wallet>();
  readonly #refresh: Refresh;
  readonly #natives: NativeTurns;
  #head: BlockRef | undefined;
  #announcedAtMs = 0;
  #seq = 0;
  #walletsVersion = 0;
  #pairs = 0;
  #unsettled = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#refresh = new Refresh({
      windowMs: options.windowMs,
      pin: () => this.#head,
      chunks: (pairs) => options.reader.chunks(pairs),
      read: (pairs, pin, signal, had) => options.reader.read(pairs, pin, signal, had),
      settle: (pairs, readings, pin) => this.settle(pairs, readings, pin),
      signal: options.signal,
    });
    this.#natives = new NativeTurns(() => this.#touchNatives(), options.signal);
  }

  /** The newest block whose touches are in. */
  get head(): BlockRef | undefined {
    return this.#head;
  }

  /** By performance.now(): when the head was announced. */
  get announcedAtMs(): number {
    return this.#announcedAtMs;
  }

  /** Grows by one with every change. */
  get seq(): number {
    return this.#seq;
  }

  /** A new sequence number, for what changes beside the values (who watches what). */
  tick(): number {
    this.#seq += 1;
    return this.#seq;
  }

  get unsettledCount(): number {
    return this.#unsettled;
  }

  get failure(): string | undefined {
    return this.#refresh.failure;
  }

  get wallets(): WatchedWallets {
    return {
      version: this.#walletsVersion,
      owners: [...this.#wallets.keys()],
      readsForAll: Math.ceil(this.#pairs / CALLS_PER_READ),
    };
  }

  isCanonical(block: BlockRef): boolean {
    return this.#options.lineage.isCanonical(block);
  }

  /** Starts to watch a wallet; its changes go to the sink until it is removed. */
  addWallet(owner: Address, sink: Sink): void {
    this.#walletsVersion += 1;
    this.#wallets.set(owner, {
      pairs: new Map(),
      unsettled: new Set(),
      addedVersion: this.#walletsVersion,
      sink,
    });
  }

  removeWallet(owner: Address): void {
    for (const token of this.#wallets.get(owner)?.pairs.keys() ?? []) this.removePair(owner, token);
    this.#wallets.delete(owner);
  }

  /** Starts to watch a token of a wallet that is watched; it is read as soon as there is a head. */
  addPair(owner: Address, token: Address): void {
    const wallet = this.#wallets.get(owner);
    if (!wallet || wallet.pairs.has(token)) return;
    const pair: WatchedPair = { owner, token, entry: undefined, unsettled: undefined, changedSeq: 0 };
    wallet.pairs.set(token, pair);
    this.#count(1);
    const height = this.#head?.number ?? 0;
    this.#touch(wallet, pair, { cause: 'SUBSCRIBED', from: height, through: height, by: [] });
  }

  removePair(owner: Address, token: Address): void {
    const wallet = this.#wallets.get(owner);
    const pair = wallet?.pairs.get(token);
    if (!wallet || !pair) return;
    wallet.pairs.delete(token);
    this.#count(-1);
    this.#settled(wallet, pair);
    this.#refresh.delete(pair);
  }

  pair(owner: Address, token: Address): WatchedPair | undefined {
    return this.#wallets.get(owner)?.pairs.get(token);
  }

  /** Every watched pair, in the order in which they came. */
  *pairs(): Generator<WatchedPair, void> {
    for (const { pairs } of this.#wallets.values()) yield* pairs.values();
  }

  /**
   * The last block as of which everything known of the wallet is true; undefined before the first. Where something
   * waits to be read that is the block before it was touched, at the least the one that it was last read at.
   */
  settledThrough(owner: Address): BlockRef | undefined {
    let lowest = this.#head;
    for (const { entry, unsettled } of this.#wallets.get(owner)?.unsettled ?? []) {
      if (!entry || !unsettled) continue;
      const known = this.#options.lineage.at(unsettled.from - 1) ?? entry.readAt;
      if (!lowest || known.number < lowest.number) lowest = known;
    }
    // While native balances wait for their turn, what is known of this one is as old as its last reading.
    const native = this.#natives.isWaiting ? this.pair(owner, NATIVE)?.entry?.readAt : undefined;
    return native && lowest && native.number < lowest.number ? native : lowest;
  }

  /** Takes in one step of the chain: what must be read again because of it. */
  advance(advance: Advance): void {
    const { tip, forkedAbove, complete, touches, parties, walletsVersion, announcedAtMs } = advance;
    this.#head = tip;
    this.#announcedAtMs = announcedAtMs;
    const height = tip.number;
    const demand = { through: height, by: [] };
    if (!complete) {
      this.#touchAll({ ...demand, cause: 'RECONCILED', from: 0 });
    } else {
      if (forkedAbove !== undefined) this.#leaveFork(forkedAbove, height);
      const cause = forkedAbove === undefined ? 'EVENT' : 'REORG';
      for (const { owner, token, transaction, height: from } of touches) {
        const wallet = this.#wallets.get(owner);
        const pair = wallet?.pairs.get(token);
        if (wallet && pair) {
          this.#options.reader.touched(pair);
          this.#touch(wallet, pair, { cause, from, through: height, by: [{ transaction, height: from }] });
        }
        if (wallet) this.#touchNative(owner);
      }
      for (const owner of parties ?? []) this.#touchNative(owner);
      // A wallet that came while the blocks were being scanned was in no filter: read all of it.
      if (walletsVersion !== this.#walletsVersion)
        for (const wallet of this.#wallets.values())
          if (wallet.addedVersion > walletsVersion)
            for (const pair of wallet.pairs.values())
              this.#touch(wallet, pair, { ...demand, cause: 'EVENT', from: height });
      if (!parties) this.#natives.blockCame();
    }
    this.#refresh.schedule();
  }

  /** Merges readings, one for one with the pairs, and announces what changed, in one synchronous step. */
  settle(pairs: readonly WatchedPair[], readings: readonly Reading[], pin: BlockRef): void {
    pairs.forEach((pair, index) => {
      const reading = readings[index];
      const wallet = this.#wallets.get(pair.owner);
      // A pair that was removed while it was being read is nobody's any more.
      if (!reading || !wallet || wallet.pairs.get(pair.token) !== pair) return;
      const demand = pair.unsettled;
      const met = demand !== undefined && demand.through <= pin.number;
      const merged = merge(
        pair.entry,
        {
          owner: pair.owner,
          token: pair.token,
          reading,
          pin,
          cause: demand?.cause ?? 'RECONCILED',
          transactions: transactionsThrough(demand?.by ?? [], pin.number),
        },
        (block) => this.isCanonical(block),
      );
      if (merged.outcome === 'orphaned') return;
      if (met) this.#settled(wallet, pair);
      else if (demand) pair.unsettled = { ...demand, from: Math.max(demand.from, pin.number + 1) };
      if (merged.outcome === 'stale') return;
      const previous = pair.entry;
      pair.entry = merged.entry;
      if (merged.outcome === 'confirmed') return;
      pair.changedSeq = this.tick();
      if (!demand) this.#options.observer.reconciled();
      wallet.sink({ pair, entry: merged.entry, previous });
    });
  }

  #touch(wallet: Wallet, pair: WatchedPair, demand: Unsettled): void {
    if (!pair.unsettled) {
      wallet.unsettled.add(pair);
      this.#unsettled += 1;
    }
    pair.unsettled = combine(pair.unsettled, demand);
    this.#refresh.add(pair);
  }

  #settled(wallet: Wallet, pair: WatchedPair): void {
    if (!pair.unsettled) return;
    pair.unsettled = undefined;
    wallet.unsettled.delete(pair);
    this.#unsettled -= 1;
  }

  #count(difference: number): void {
    this.#pairs += difference;
    this.#options.observer.watched(this.#pairs);
  }

  /** What was demanded before falls away: its height may lie above all of the chain that there is now. */
  #touchAll(demand: Unsettled): void {
    for (const wallet of this.#wallets.values())
      for (const pair of wallet.pairs.values()) {
        this.#settled(wallet, pair);
        this.#touch(wallet, pair, demand);
      }
  }

  /** Whatever was read at, or waits for, a block that was replaced is read at the new head. */
  #leaveFork(forkedAbove: number, height: number): void {
    for (const wallet of this.#wallets.values())
      for (const pair of wallet.pairs.values()) {
        const read = pair.entry !== undefined && pair.entry.readAt.number > forkedAbove;
        const waits = pair.unsettled !== undefined && pair.unsettled.through > forkedAbove;
        if (!read && !waits) continue;
        // The transactions that it waited for may be in none of the new blocks: those bring their own.
        const from = Math.min(pair.unsettled?.from ?? height, forkedAbove + 1);
        this.#settled(wallet, pair);
        this.#touch(wallet, pair, { cause: 'REORG', from, through: height, by: [] });
      }
  }

  #touchNative(owner: Address, from = this.#head?.number ?? 0): void {
    const wallet = this.#wallets.get(owner);
    const pair = wallet?.pairs.get(NATIVE);
    const height = this.#head?.number ?? 0;
    if (wallet && pair) this.#touch(wallet, pair, { cause: 'EVENT', from, through: height, by: [] });
  }

  /** Any block since the last reading may have moved it, not the newest alone. */
  #touchNatives(): void {
    const height = this.#head?.number;
    for (const [owner, { pairs }] of this.#wallets) {
      const readAt = pairs.get(NATIVE)?.entry?.readAt.number;
      // One that went along with a token's read at this very block knows it all.
      if (readAt !== height) this.#touchNative(owner, readAt === undefined ? height : readAt + 1);
    }
  }
}
