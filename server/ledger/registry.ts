import type { Touch } from '../chain/touches.ts';
import type { Address } from '../chain/types.ts';
import type { Entry } from './entry.ts';
import { combine, newPair, type Unsettled, type WatchedPair } from './pair.ts';

/**
 * That a pair's entry is another one now: a balance's, or an allowance's where the pair has a spender. Announced in the
 * same synchronous step as it was merged.
 */
export interface Change {
  readonly pair: WatchedPair;
  readonly entry: Entry;
  readonly previous: Entry | undefined;
}

export type Sink = (change: Change) => void;

export interface Wallet {
  /** Its balances by token, its allowances by token and spender. */
  readonly pairs: ReadonlyMap<string, WatchedPair>;
  /** Those of its pairs that must be read. */
  readonly unsettled: ReadonlySet<WatchedPair>;
  /** Which version of the registry it came with. */
  readonly addedVersion: number;
  /** Told of every change of its pairs. */
  readonly sink: Sink;
}

interface OwnWallet extends Wallet {
  readonly pairs: Map<string, WatchedPair>;
  /** Its allowances once more, by token. */
  readonly allowances: Map<Address, Set<WatchedPair>>;
  readonly unsettled: Set<WatchedPair>;
}

/**
 * Who is watched on one chain: the wallets, their pairs, and which of these wait to be read. Kept by the ledger
 * alone, which reads and announces; here it is only known.
 */
export class Registry {
  readonly #wallets = new Map<Address, OwnWallet>();
  #version = 0;
  /** With which version an allowance came while none was watched. */
  #allowancesVersion = 0;
  #allowances = 0;
  #pairs = 0;
  #unsettled = 0;

  /** Grows with every wallet that comes, and with the first allowance. */
  get version(): number {
    return this.#version;
  }

  get watchesAllowances(): boolean {
    return this.#allowances > 0;
  }

  get pairCount(): number {
    return this.#pairs;
  }

  get unsettledCount(): number {
    return this.#unsettled;
  }

  owners(): Iterable<Address> {
    return this.#wallets.keys();
  }

  wallets(): Iterable<Wallet> {
    return this.#wallets.values();
  }

  wallet(owner: Address): Wallet | undefined {
    return this.#wallets.get(owner);
  }

  pair(owner: Address, token: Address, spender?: Address): WatchedPair | undefined {
    return this.#wallets.get(owner)?.pairs.get(keyOf(token, spender));
  }

  /** The watched pairs that the touch is about. */
  touched({ owner, token, spender }: Touch): Iterable<WatchedPair> {
    if (spender === 'any') return this.#wallets.get(owner)?.allowances.get(token) ?? [];
    const pair = this.pair(owner, token, spender);
    return pair ? [pair] : [];
  }

  /** The pairs that no filter of that version can have caught. */
  *unknownTo(version: number): Iterable<WatchedPair> {
    if (version === this.#version) return;
    const lacksApprovals = this.#allowancesVersion > version;
    for (const { addedVersion, pairs } of this.#wallets.values()) {
      const isNew = addedVersion > version;
      if (!isNew && !lacksApprovals) continue;
      for (const pair of pairs.values()) if (isNew || pair.spender) yield pair;
    }
  }

  /** False from when it was removed on, though another one may stand in its place. */
  holds(pair: WatchedPair): boolean {
    return this.pair(pair.owner, pair.token, pair.spender) === pair;
  }

  addWallet(owner: Address, sink: Sink): void {
    this.#version += 1;
    this.#wallets.set(owner, {
      pairs: new Map(),
      allowances: new Map(),
      unsettled: new Set(),
      addedVersion: this.#version,
      sink,
    });
  }

  /** Its pairs must be gone before. */
  removeWallet(owner: Address): void {
    this.#wallets.delete(owner);
  }

  /** The wallet must be there, and not have the pair already. */
  addPair(owner: Address, token: Address, spender?: Address): WatchedPair {
    const pair = newPair(owner, token, spender);
    const wallet = this.#wallets.get(owner);
    wallet?.pairs.set(keyOf(token, spender), pair);
    this.#pairs += 1;
    if (wallet && spender) this.#addAllowance(wallet, pair);
    return pair;
  }

  removePair(pair: WatchedPair): void {
    this.settle(pair);
    const wallet = this.#wallets.get(pair.owner);
    wallet?.pairs.delete(keyOf(pair.token, pair.spender));
    this.#pairs -= 1;
    if (wallet && pair.spender) this.#removeAllowance(wallet, pair);
  }

  /** The pair must be read, on top of what was demanded of it before. */
  demand(pair: WatchedPair, demand: Unsettled): void {
    if (!pair.unsettled) {
      this.#wallets.get(pair.owner)?.unsettled.add(pair);
      this.#unsettled += 1;
    }
    pair.unsettled = combine(pair.unsettled, demand);
  }

  /** Nothing is demanded of the pair any more. */
  settle(pair: WatchedPair): void {
    if (!pair.unsettled) return;
    pair.unsettled = undefined;
    this.#wallets.get(pair.owner)?.unsettled.delete(pair);
    this.#unsettled -= 1;
  }

  #addAllowance({ allowances }: OwnWallet, pair: WatchedPair): void {
    const ofToken = allowances.get(pair.token);
    if (ofToken) ofToken.add(pair);
    else allowances.set(pair.token, new Set([pair]));
    this.#allowances += 1;
    // Blocks that are being scanned are not asked for approvals.
    if (this.#allowances > 1) return;
    this.#version += 1;
    this.#allowancesVersion = this.#version;
  }

  #removeAllowance({ allowances }: OwnWallet, pair: WatchedPair): void {
    const ofToken = allowances.get(pair.token);
    ofToken?.delete(pair);
    if (ofToken?.size === 0) allowances.delete(pair.token);
    this.#allowances -= 1;
  }
}

function keyOf(token: Address, spender: Address | undefined): string {
  return spender === undefined ? token : token + spender;
}
