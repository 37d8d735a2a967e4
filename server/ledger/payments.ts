import type { Advance } from '../chain/blocks.ts';
import type { Body, Transaction } from '../chain/bodies.ts';
import { REMEMBERED_BLOCKS } from '../chain/lineage.ts';
import { type Address, type BlockRef, type Hash, NATIVE } from '../chain/types.ts';
import { MOST_TRANSACTIONS, type WatchedPair } from './pair.ts';

/** Between two readings of a native balance so many blocks may pass; who paid whom in more of them is not kept. */
const BLOCKS_KEPT = REMEMBERED_BLOCKS;
/** Of all wallets and blocks together: a wallet that pays half a chain costs no more. */
export const HASHES_KEPT = 100_000;

interface Block {
  /** Transactions by the watched wallet that sent or received them. */
  readonly paid: Map<Address, Hash[]>;
  hashes: number;
  /** Ends when it is known who paid whom, or never will be; undefined from then on. */
  pending: Promise<void> | undefined;
}

/**
 * Who paid whom in the newest blocks, as far as watched wallets are concerned: what a change of a native balance
 * names as its transactions. It hears of a block before its transactions are known. Fed by the ledger with advances,
 * and asked by it.
 */
export class Payments {
  readonly #isWatched: (owner: Address) => boolean;
  /** By height, ascending: those where somebody watched is concerned, or may be. */
  readonly #blocks = new Map<number, Block>();
  #hashes = 0;

  constructor(isWatched: (owner: Address) => boolean) {
    this.#isWatched = isWatched;
  }

  advance({ forkedAbove, complete, bodies }: Pick<Advance, 'forkedAbove' | 'complete' | 'bodies'>): void {
    for (const height of this.#blocks.keys())
      if (!complete || height > (forkedAbove ?? height)) this.#forget(height);
    for (const body of bodies) this.#add(body);
  }

  /** The transactions that the wallet sent or received since its native balance was last told, in their order. */
  of(pair: WatchedPair, pin: BlockRef): readonly Hash[] {
    return this.#since(pair, pin).flatMap(({ paid }) => paid.get(pair.owner) ?? []);
  }

  /** The blocks since then of which it is still to be heard. */
  pending(pair: WatchedPair, pin: BlockRef): readonly Promise<void>[] {
    return this.#since(pair, pin).flatMap(({ pending }) => pending ?? []);
  }

  #since({ token, entry, unsettled }: WatchedPair, { number: through }: BlockRef): readonly Block[] {
    if (token !== NATIVE || !entry || this.#blocks.size === 0) return [];
    const from = Math.min(entry.readAt.number + 1, unsettled?.from ?? Number.POSITIVE_INFINITY);
    const blocks: Block[] = [];
    for (let height = Math.max(from, through - BLOCKS_KEPT + 1); height <= through; height += 1) {
      const block = this.#blocks.get(height);
      if (block) blocks.push(block);
    }
    return blocks;
  }

  #add({ height, transactions }: Body): void {
    const block: Block = { paid: new Map(), hashes: 0, pending: undefined };
    this.#blocks.set(height, block);
    block.pending = transactions.then((known = []) => {
      block.pending = undefined;
      if (this.#blocks.get(height) !== block) return;
      this.#note(block, known);
      if (block.hashes === 0) this.#forget(height);
      this.#forgetOldest();
    });
    this.#forgetOldest();
  }

  #note(block: Block, transactions: readonly Transaction[]): void {
    for (const { hash, from, to = from } of transactions)
      for (const owner of to === from ? [from] : [from, to]) {
        if (!this.#isWatched(owner)) continue;
        const hashes = block.paid.get(owner) ?? [];
        if (hashes.length === MOST_TRANSACTIONS) continue;
        hashes.push(hash);
        block.paid.set(owner, hashes);
        block.hashes += 1;
        this.#hashes += 1;
      }
  }

  #forgetOldest(): void {
    for (const height of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS_KEPT && this.#hashes <= HASHES_KEPT) return;
      this.#forget(height);
    }
  }

  #forget(height: number): void {
    this.#hashes -= this.#blocks.get(height)?.hashes ?? 0;
    this.#blocks.delete(height);
  }
}
