import type { Address, Hash } from '../chain/types.ts';
import type { Cause } from '../ledger/entry.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { OwnerWatcher } from '../watch/owner.ts';
import type { LiveChain } from '../watch/served-chain.ts';

export interface Told {
  readonly amount: bigint | null;
  readonly previousAmount: bigint | null;
  readonly cause: Cause;
  readonly transactions: readonly Hash[];
}

/** Listens to one wallet where the ledger announces its changes, below sessions and streams. */
export class Listener {
  readonly watcher: OwnerWatcher;
  readonly #told = new Map<WatchedPair, Told[]>();

  constructor(live: LiveChain, owner: Address) {
    this.watcher = live.owners.acquire(owner);
    this.watcher.listen(({ pair, entry: { balance, cause } }) => {
      const { amount, previousAmount, transactions } = balance;
      this.#told.set(pair, [...this.of(pair), { amount, previousAmount, cause, transactions }]);
    });
  }

  /** What it was told of that balance or allowance, the first value included. */
  of(pair: WatchedPair): readonly Told[] {
    return this.#told.get(pair) ?? [];
  }
}
