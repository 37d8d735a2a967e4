import type { Hash } from '../chain/types.ts';
import type { Balance } from '../ledger/entry.ts';
import { MOST_TRANSACTIONS, type WatchedPair } from '../ledger/pair.ts';
import { crossedBy, holding, type Seen, type Threshold } from './conditions.ts';
import type { UpdateCause, UpdatedBalance } from './update.ts';

/** What a subscriber wants to know of one token. */
export interface Wish {
  readonly thresholds: readonly Threshold[];
  /** Only what crosses one, or can no longer be read, or can be again. */
  readonly isQuiet: boolean;
}

interface Told extends Seen {
  readonly isReadable: boolean;
  /** The amount that was told last; null where it could not be read then. */
  readonly told: bigint | null;
  /** Of the changes that were not told since. */
  readonly missed: readonly Hash[];
}

/**
 * The conditions of one subscriber, and what it has seen of the tokens that are under any. What it is told of begins at
 * what it was told last, and names the transactions of all changes since.
 */
export class Alarms {
  readonly #wishes: ReadonlyMap<WatchedPair, Wish>;
  readonly #seen = new Map<WatchedPair, Told>();

  constructor(wishes: ReadonlyMap<WatchedPair, Wish>) {
    this.#wishes = wishes;
  }

  /** A balance in a snapshot: sent whatever it is. */
  shown(pair: WatchedPair, balance: Balance): UpdatedBalance {
    const wish = this.#wishes.get(pair);
    if (!wish) return balance;
    const { amount } = balance;
    const before = amount ?? this.#seen.get(pair)?.before;
    this.#seen.set(pair, { before, sent: before, isReadable: amount !== null, told: amount, missed: [] });
    return amount === null ? balance : { ...balance, crossed: holding(wish.thresholds, amount) };
  }

  /** A balance that changed; undefined where its subscriber does not want to be told. */
  changed(pair: WatchedPair, balance: Balance, cause: UpdateCause): UpdatedBalance | undefined {
    const wish = this.#wishes.get(pair);
    if (!wish) return balance;
    const { amount } = balance;
    const seen = this.#seen.get(pair) ?? NOTHING;
    const { before, sent } = seen;
    const crossed = amount === null ? [] : crossedBy(wish.thresholds, seen, amount);
    const isReadable = amount !== null;
    // What was missed before a reorganisation may have been in the blocks that were replaced.
    const missed = cause === 'REORG' ? [] : seen.missed;
    const transactions = [...new Set([...missed, ...balance.transactions])].slice(-MOST_TRANSACTIONS);
    if (crossed.length === 0 && wish.isQuiet && isReadable === seen.isReadable) {
      this.#seen.set(pair, { ...seen, before: amount ?? before, missed: transactions });
      return undefined;
    }
    const told = { before: amount ?? before, sent: amount ?? sent, isReadable, told: amount, missed: [] };
    this.#seen.set(pair, told);
    return { ...balance, previousAmount: seen.told, transactions, crossed };
  }
}

const NOTHING: Told = { before: undefined, sent: undefined, isReadable: false, told: null, missed: [] };
