import type { Balance } from '../ledger/entry.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import { crossedBy, holding, type Seen, type Threshold } from './conditions.ts';
import type { UpdatedBalance } from './update.ts';

/** What a subscriber wants to know of one token. */
export interface Wish {
  readonly thresholds: readonly Threshold[];
  /** Only what crosses one, or can no longer be read, or can be again. */
  readonly isQuiet: boolean;
}

/** The conditions of one subscriber, and what it has seen of the tokens that are under any. */
export class Alarms {
  readonly #wishes: ReadonlyMap<WatchedPair, Wish>;
  readonly #seen = new Map<WatchedPair, Seen & { readonly isReadable: boolean }>();

  constructor(wishes: ReadonlyMap<WatchedPair, Wish>) {
    this.#wishes = wishes;
  }

  /** A balance in a snapshot: sent whatever it is. */
  shown(pair: WatchedPair, balance: Balance): UpdatedBalance {
    const wish = this.#wishes.get(pair);
    if (!wish) return balance;
    const { amount } = balance;
    const before = amount ?? this.#seen.get(pair)?.before;
    this.#seen.set(pair, { before, sent: before, isReadable: amount !== null });
    return amount === null ? balance : { ...balance, crossed: holding(wish.thresholds, amount) };
  }

  /** A balance that changed; undefined where its subscriber does not want to be told. */
  changed(pair: WatchedPair, balance: Balance): UpdatedBalance | undefined {
    const wish = this.#wishes.get(pair);
    if (!wish) return balance;
    const { amount } = balance;
    const seen = this.#seen.get(pair);
    const { before, sent } = seen ?? { before: undefined, sent: undefined };
    const crossed = amount === null ? [] : crossedBy(wish.thresholds, { before, sent }, amount);
    const isReadable = amount !== null;
    const isNews = crossed.length > 0 || !wish.isQuiet || isReadable !== seen?.isReadable;
    this.#seen.set(pair, { before: amount ?? before, sent: isNews ? (amount ?? sent) : sent, isReadable });
    return isNews ? { ...balance, crossed } : undefined;
  }
}
