import type { Address, BlockRef } from '../chain/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { Change } from '../ledger/registry.ts';
import type { Owners, OwnerWatcher } from './owner.ts';

/** A token of a wallet or, with a spender, what that one may spend of it. */
export interface PairName {
  readonly owner: Address;
  readonly token: Address;
  readonly spender?: Address;
}

/** Who is told of what happens to the pairs, in the same synchronous step. */
export interface Holder {
  changed(change: Change): void;
  added(pairs: readonly WatchedPair[]): void;
  removed(pairs: readonly WatchedPair[]): void;
  end(): void;
}

interface HoldingsOptions {
  readonly chainId: number;
  /** Names them in cursors: one of other holdings proves nothing here. */
  readonly name: string;
  readonly ledger: Ledger;
  readonly owners: Owners;
  readonly idleTtlMs: number;
  /** Nobody has listened for the idle time. */
  readonly expired: () => void;
}

/**
 * Pairs of one chain that are watched on somebody's behalf, whoever else watches them: those of a session, or of a
 * stream of many wallets. They live while anybody listens, and for the idle time after the last one left, so that who
 * reconnects can resume.
 */
export class Holdings implements Disposable {
  readonly chainId: number;
  readonly name: string;
  readonly ledger: Ledger;
  readonly #options: HoldingsOptions;
  readonly #watchers = new Map<Address, { readonly watcher: OwnerWatcher; readonly listening: Disposable }>();
  /** Each with the ledger's sequence number when it came. */
  readonly #pairs = new Map<WatchedPair, number>();
  readonly #holders = new Set<Holder>();
  #shrunkSeq: number;
  #expiresAt: Date | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HoldingsOptions) {
    this.#options = options;
    this.chainId = options.chainId;
    this.name = options.name;
    this.ledger = options.ledger;
    // Others of the same name that were before may have had pairs that these have not.
    this.#shrunkSeq = options.ledger.tick();
    this.touch();
  }

  get size(): number {
    return this.#pairs.size;
  }

  get isStreaming(): boolean {
    return this.#holders.size > 0;
  }

  /** When they go if nobody listens before; null while somebody does. */
  get expiresAt(): Date | null {
    return this.#expiresAt;
  }

  /** When a pair last left: the ledger's sequence number. */
  get shrunkSeq(): number {
    return this.#shrunkSeq;
  }

  /** In order of coming. */
  pairs(): Iterable<WatchedPair> {
    return this.#pairs.keys();
  }

  has(pair: WatchedPair): boolean {
    return this.#pairs.has(pair);
  }

  /** The ledger's sequence number when the pair came. */
  addedSeq(pair: WatchedPair): number {
    return this.#pairs.get(pair) ?? this.ledger.seq;
  }

  /** The last block as of which everything known of these wallets is true; undefined before the first. */
  settledThrough(): BlockRef | undefined {
    let lowest = this.ledger.head;
    for (const owner of this.#watchers.keys()) {
      const through = this.ledger.settledThrough(owner);
      if (lowest && through && through.number < lowest.number) lowest = through;
    }
    return lowest;
  }

  /** Each must be new here. */
  add(names: Iterable<PairName>): void {
    const seq = this.ledger.tick();
    const added: WatchedPair[] = [];
    for (const { owner, token, spender } of names) {
      const pair = this.#watcher(owner).add(token, spender);
      this.#pairs.set(pair, seq);
      added.push(pair);
    }
    if (added.length > 0) for (const holder of this.#holders) holder.added(added);
  }

  remove(pairs: readonly WatchedPair[]): void {
    if (pairs.length === 0) return;
    this.#shrunkSeq = this.ledger.tick();
    for (const pair of pairs) {
      this.#pairs.delete(pair);
      this.#watchers.get(pair.owner)?.watcher.remove(pair);
    }
    for (const holder of this.#holders) holder.removed(pairs);
  }

  /** From now on this one is told, until it is disposed of. */
  hold(holder: Holder): Disposable {
    this.#holders.add(holder);
    this.touch();
    return {
      [Symbol.dispose]: () => {
        this.#holders.delete(holder);
        this.touch();
      },
    };
  }

  endStreams(): void {
    for (const holder of this.#holders) holder.end();
  }

  /** Counts the idle time from now, or stops counting while somebody listens. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#expiresAt = null;
    if (this.isStreaming) return;
    const { idleTtlMs, expired } = this.#options;
    this.#expiresAt = new Date(Date.now() + idleTtlMs);
    this.#timer = setTimeout(expired, idleTtlMs);
  }

  [Symbol.dispose](): void {
    this.endStreams();
    clearTimeout(this.#timer);
    for (const pair of this.#pairs.keys()) this.#watchers.get(pair.owner)?.watcher.remove(pair);
    for (const { watcher, listening } of this.#watchers.values()) {
      listening[Symbol.dispose]();
      this.#options.owners.release(watcher);
    }
  }

  #watcher(owner: Address): OwnerWatcher {
    const known = this.#watchers.get(owner);
    if (known) return known.watcher;
    const watcher = this.#options.owners.acquire(owner);
    const listening = watcher.listen((change) => {
      if (this.#pairs.has(change.pair)) for (const holder of this.#holders) holder.changed(change);
    });
    this.#watchers.set(owner, { watcher, listening });
    return watcher;
  }
}
