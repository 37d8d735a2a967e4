import { randomBytes } from 'node:crypto';
import type { Advance } from '../chain/blocks.ts';
import type { Lineage } from '../chain/lineage.ts';
import { CALLS_PER_READ, type Reader, type Reading } from '../chain/multicall/reader.ts';
import type { WatchedWallets } from '../chain/scan.ts';
import { type Address, type BlockRef, NATIVE } from '../chain/types.ts';
import { Confirmations } from './confirmations.ts';
import { Demands } from './demands.ts';
import { merge } from './entry.ts';
import { Held } from './held.ts';
import { remaining, transactionsThrough, union, type WatchedPair } from './pair.ts';
import { Payments } from './payments.ts';
import { Refresh } from './refresh.ts';
import { Registry, type Sink } from './registry.ts';
import { Turns } from './turns.ts';

export interface LedgerObserver {
  /** A reconciliation found a value that no event had announced. */
  reconciled(): void;
  /** How many pairs are watched now. */
  watched(pairs: number): void;
  /** So many that were touched are read together. */
  batch(pairs: number): void;
}

interface LedgerOptions {
  readonly reader: Reader;
  readonly lineage: Lineage;
  readonly windowMs: number;
  readonly observer: LedgerObserver;
  readonly signal: AbortSignal;
}

/**
 * What we know of one chain: every watched pair, its value, and what must still be read. Fed by the advances of
 * the chain, by who watches and by the sweep, for which it keeps the turns; announces changes to each wallet's
 * sink. How it stores is nobody else's concern.
 */
export class Ledger {
  /** Names this ledger's sequence numbers: those of another process mean nothing here. */
  readonly epoch = randomBytes(6).toString('hex');
  /** Which pairs the sweep is to read next. */
  readonly turns = new Turns();
  readonly #options: LedgerOptions;
  readonly #registry = new Registry();
  readonly #confirmations = new Confirmations();
  readonly #refresh: Refresh;
  readonly #demands: Demands;
  readonly #payments = new Payments((owner) => this.pair(owner, NATIVE) !== undefined);
  readonly #held: Held;
  #head: BlockRef | undefined;
  #announcedAtMs = 0;
  #seq = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#refresh = new Refresh({
      windowMs: options.windowMs,
      pin: () => this.#head,
      chunks: (pairs) => {
        options.observer.batch(pairs.length);
        return options.reader.chunks(pairs);
      },
      read: (pairs, pin, signal, had) => options.reader.read(pairs, pin, signal, had),
      settle: (pairs, readings, pin) => this.settle(pairs, readings, pin),
      signal: options.signal,
    });
    this.#demands = new Demands({
      registry: this.#registry,
      touched: (pair) => options.reader.touched(pair),
      read: (pair) => this.#refresh.add(pair),
      signal: options.signal,
    });
    this.#held = new Held({
      payments: this.#payments,
      merge: (pair, reading, pin) => this.#merge(pair, reading, pin),
      again: (pair) => this.#refresh.add(pair),
      signal: options.signal,
    });
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
    return this.#registry.unsettledCount;
  }

  /** Why what waits to be read could not be; undefined where nothing waits. */
  get failure(): string | undefined {
    return this.unsettledCount > 0 ? this.#refresh.failure : undefined;
  }

  get wallets(): WatchedWallets {
    return {
      version: this.#registry.version,
      owners: [...this.#registry.owners()],
      watchesAllowances: this.#registry.watchesAllowances,
      watchesNatives: this.#registry.nativeCount > 0,
      readsForAll: Math.ceil(this.#registry.pairCount / CALLS_PER_READ),
    };
  }

  /** How long ago the value was read that was confirmed longest ago; zero where nothing is watched. */
  get oldestConfirmationMs(): number {
    return this.#confirmations.oldestMs(performance.now());
  }

  isCanonical(block: BlockRef): boolean {
    return this.#options.lineage.isCanonical(block);
  }

  /** Starts to watch a wallet; its changes go to the sink until it is removed. */
  addWallet(owner: Address, sink: Sink): void {
    this.#registry.addWallet(owner, sink);
  }

  /** Its pairs must be gone before. */
  removeWallet(owner: Address): void {
    this.#registry.removeWallet(owner);
  }

  /**
   * Starts to watch a token of a wallet that is watched, or what of it a spender may spend (not of the native coin,
   * which nobody else can spend: throws a TypeError); it is read as soon as there is a head.
   */
  addPair(owner: Address, token: Address, spender?: Address): WatchedPair {
    if (spender && token === NATIVE) throw new TypeError('the native coin has no allowances');
    const pair = this.#registry.addPair(owner, token, spender);
    this.turns.add(pair);
    this.#confirmations.add(pair, performance.now());
    this.#options.observer.watched(this.#registry.pairCount);
    this.#demands.first(pair);
    return pair;
  }

  removePair(pair: WatchedPair): void {
    this.#registry.removePair(pair);
    this.turns.remove(pair);
    this.#confirmations.remove(pair);
    this.#refresh.delete(pair);
    this.#options.observer.watched(this.#registry.pairCount);
  }

  pair(owner: Address, token: Address, spender?: Address): WatchedPair | undefined {
    return this.#registry.pair(owner, token, spender);
  }

  /**
   * The last block as of which everything known of the wallet is true; undefined before the first. Where something
   * waits to be read that is the block before it was touched, at the least the one that it was last read at.
   */
  settledThrough(owner: Address): BlockRef | undefined {
    let lowest = this.#head;
    for (const { entry, unsettled } of this.#registry.wallet(owner)?.unsettled ?? []) {
      if (!entry || !unsettled) continue;
      const known = this.#options.lineage.at(unsettled.from - 1) ?? entry.readAt;
      if (!lowest || known.number < lowest.number) lowest = known;
    }
    // While native balances wait for their turn, what is known of this one is as old as its last reading.
    const native = this.#demands.areNativesWaiting ? this.pair(owner, NATIVE)?.entry?.readAt : undefined;
    return native && lowest && native.number < lowest.number ? native : lowest;
  }

  /** Takes in one step of the chain: what must be read again because of it. */
  advance(advance: Advance): void {
    this.#head = advance.tip;
    this.#announcedAtMs = advance.announcedAtMs;
    this.#payments.advance(advance);
    this.#demands.advance(advance);
    this.#refresh.schedule();
  }

  /**
   * Takes readings, one for one with the pairs: merges them and announces what changed, in one synchronous step. Native
   * balances that wait to hear what moved them come in another one, soon.
   */
  settle(pairs: readonly WatchedPair[], readings: readonly Reading[], pin: BlockRef): void {
    this.#held.settle(pairs, readings, pin);
  }

  #merge(pair: WatchedPair, reading: Reading, pin: BlockRef): void {
    // A pair that was removed while it was being read is nobody's any more.
    if (!this.#registry.holds(pair)) return;
    const demand = pair.unsettled;
    const met = demand !== undefined && demand.through <= pin.number;
    const paid = this.#payments.of(pair, pin);
    const cause = demand?.cause ?? (paid.length > 0 ? 'EVENT' : 'RECONCILED');
    const transactions = union(transactionsThrough(demand?.by ?? [], pin.number), paid);
    const merged = merge(
      pair.entry,
      { owner: pair.owner, token: pair.token, reading, pin, cause, transactions },
      this.#options.lineage,
    );
    if (merged.outcome === 'orphaned') return;
    if (met) this.#registry.settle(pair);
    else if (demand) pair.unsettled = remaining(demand, pin.number);
    if (merged.outcome === 'stale') return;
    const previous = pair.entry;
    pair.entry = merged.entry;
    this.turns.confirmed(pair);
    this.#confirmations.renew(pair, performance.now());
    if (merged.outcome === 'confirmed') return;
    pair.changedSeq = this.tick();
    if (!demand && cause === 'RECONCILED') this.#options.observer.reconciled();
    this.#registry.wallet(pair.owner)?.sink({ pair, entry: merged.entry, previous });
  }
}
