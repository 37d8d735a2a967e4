import type { Address } from '../chain/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { Change } from '../ledger/registry.ts';

/**
 * One wallet on one chain as all who watch it share it: the union of their tokens is read once, and each change
 * goes to every listener. Born with the first holder, gone with the last.
 */
export class OwnerWatcher {
  readonly owner: Address;
  readonly #ledger: Ledger;
  readonly #holds = new Map<WatchedPair, number>();
  readonly #listeners = new Set<(change: Change) => void>();
  #holders = 0;

  constructor(owner: Address, ledger: Ledger) {
    this.owner = owner;
    this.#ledger = ledger;
    ledger.addWallet(owner, (change) => {
      for (const listener of this.#listeners) listener(change);
    });
  }

  get isHeld(): boolean {
    return this.#holders > 0;
  }

  /** Keeps the wallet watched, its tokens aside. */
  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
  }

  /** Watches a token of the wallet, or a spender's allowance of it, until it was removed as often as it was added. */
  add(token: Address, spender?: Address): WatchedPair {
    const pair =
      this.#ledger.pair(this.owner, token, spender) ?? this.#ledger.addPair(this.owner, token, spender);
    this.#holds.set(pair, (this.#holds.get(pair) ?? 0) + 1);
    return pair;
  }

  remove(pair: WatchedPair): void {
    const holds = (this.#holds.get(pair) ?? 0) - 1;
    if (holds > 0) {
      this.#holds.set(pair, holds);
      return;
    }
    this.#holds.delete(pair);
    this.#ledger.removePair(pair);
  }

  listen(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }
}

/** The wallets of one chain that anybody watches. */
export class Owners {
  readonly #ledger: Ledger;
  readonly #watchers = new Map<Address, OwnerWatcher>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The wallet's one watcher, held for the caller. */
  acquire(owner: Address): OwnerWatcher {
    let watcher = this.#watchers.get(owner);
    if (!watcher) {
      watcher = new OwnerWatcher(owner, this.#ledger);
      this.#watchers.set(owner, watcher);
    }
    watcher.hold();
    return watcher;
  }

  /** Gives it back; the tokens added through it must have been removed. */
  release(watcher: OwnerWatcher): void {
    watcher.release();
    if (watcher.isHeld) return;
    this.#watchers.delete(watcher.owner);
    this.#ledger.removeWallet(watcher.owner);
  }
}
