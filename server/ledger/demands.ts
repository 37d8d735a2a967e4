import type { Advance } from '../chain/blocks.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { NativeTurns } from './natives.ts';
import type { Unsettled, WatchedPair } from './pair.ts';
import type { Registry } from './registry.ts';

interface DemandsOptions {
  readonly registry: Registry;
  /** An event told of the pair. */
  readonly touched: (pair: WatchedPair) => void;
  /** It is to be read, as soon as that may be. */
  readonly read: (pair: WatchedPair) => void;
  readonly signal: AbortSignal;
}

/**
 * What must be read again because of what the chain did: pairs that its logs touched, native balances, whatever a
 * reorganisation put in doubt. Fed by the ledger with advances.
 */
export class Demands {
  readonly #options: DemandsOptions;
  readonly #natives: NativeTurns;
  /** The height of the newest block; undefined before the first. */
  #tip: number | undefined;

  constructor(options: DemandsOptions) {
    this.#options = options;
    this.#natives = new NativeTurns(() => this.#touchNatives(), options.signal);
  }

  /** Whether a block has touched native balances that are not yet due. */
  get areNativesWaiting(): boolean {
    return this.#natives.isWaiting;
  }

  /** The pair is new: it is read at the newest block. */
  first(pair: WatchedPair): void {
    this.#demand(pair, { cause: 'SUBSCRIBED', from: this.#height, through: this.#height, by: [] });
  }

  advance({ tip, forkedAbove, complete, touches, parties, walletsVersion }: Advance): void {
    const { registry, touched } = this.#options;
    const height = tip.number;
    const lowest = Math.min(height, (forkedAbove ?? this.#tip ?? height) + 1);
    this.#tip = height;
    const demand = { through: height, by: [] };
    if (!complete) {
      this.#demandAll({ ...demand, cause: forkedAbove === undefined ? 'RECONCILED' : 'REORG', from: 0 });
      return;
    }
    if (forkedAbove !== undefined) this.#leaveFork(forkedAbove);
    const cause = forkedAbove === undefined ? 'EVENT' : 'REORG';
    for (const touch of touches) {
      const { owner, transaction, height: from } = touch;
      for (const pair of registry.touched(touch)) {
        touched(pair);
        this.#demand(pair, { cause, from, through: height, by: [{ transaction, height: from }] });
      }
      this.#touchNative(owner);
    }
    for (const owner of parties ?? []) this.#touchNative(owner);
    // What came while the blocks were being scanned was in no filter: read all of it.
    for (const pair of registry.unknownTo(walletsVersion))
      this.#demand(pair, { ...demand, cause: 'EVENT', from: lowest });
    if (!parties) this.#natives.blockCame();
  }

  get #height(): number {
    return this.#tip ?? 0;
  }

  #demand(pair: WatchedPair, demand: Unsettled): void {
    const { registry, read } = this.#options;
    registry.demand(pair, demand);
    read(pair);
  }

  #demandAll(demand: Unsettled): void {
    const { registry } = this.#options;
    for (const wallet of registry.wallets())
      for (const pair of wallet.pairs.values()) {
        // On another branch what was demanded before says nothing: its height may lie above all that there is now.
        if (demand.cause === 'REORG') registry.settle(pair);
        this.#demand(pair, demand);
      }
  }

  /** Whatever was read at, or waits for, a block that was replaced is read at the new head. */
  #leaveFork(forkedAbove: number): void {
    const { registry } = this.#options;
    for (const wallet of registry.wallets())
      for (const pair of wallet.pairs.values()) {
        const read = pair.entry !== undefined && pair.entry.readAt.number > forkedAbove;
        const waits = pair.unsettled !== undefined && pair.unsettled.through > forkedAbove;
        if (!read && !waits) continue;
        const from = Math.min(pair.unsettled?.from ?? this.#height, forkedAbove + 1);
        // Those of the lost blocks may be in none of the new ones, which bring their own.
        const by = pair.unsettled?.by.filter((touch) => touch.height <= forkedAbove) ?? [];
        registry.settle(pair);
        this.#demand(pair, { cause: 'REORG', from, through: this.#height, by });
      }
  }

  #touchNative(owner: Address, from = this.#height): void {
    const pair = this.#options.registry.pair(owner, NATIVE);
    if (pair) this.#demand(pair, { cause: 'EVENT', from, through: this.#height, by: [] });
  }

  /** Any block since the last reading may have moved it, not the newest alone. */
  #touchNatives(): void {
    const { registry } = this.#options;
    for (const owner of registry.owners()) {
      const readAt = registry.pair(owner, NATIVE)?.entry?.readAt.number;
      // One that went along with a token's read at this very block knows it all.
      if (readAt !== this.#height) this.#touchNative(owner, readAt === undefined ? this.#height : readAt + 1);
    }
  }
}
