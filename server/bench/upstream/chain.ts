import type { Address, Hash } from '../../chain/types.ts';
import { type Block, buildBlock, type Transfer } from './block.ts';
import { word } from './words.ts';

/** How far behind the head the tags stand, as on a chain of few slots. */
const SAFE_DEPTH = 8;
const FINALIZED_DEPTH = 16;
const FIRST_BLOCKS = 32;

interface Change {
  readonly number: number;
  readonly amount: bigint;
  readonly word: string;
}

/**
 * Blocks, and the balances at each of them. A balance is a function of owner and token until a transfer
 * changes it, so that any wallet holds something of any token and a mixed-up pair shows.
 */
export class SyntheticChain {
  readonly chainId: number;
  readonly #blocks: Block[] = [];
  readonly #byHash = new Map<Hash, Block>();
  readonly #changes = new Map<string, Change[]>();

  constructor(chainId: number) {
    this.chainId = chainId;
    for (let i = 0; i < FIRST_BLOCKS; i++) this.mine([]);
  }

  mine(transfers: readonly Transfer[]): Block {
    const number = this.#blocks.length;
    const block = buildBlock({ chainId: this.chainId, number, parent: this.#blocks.at(-1) }, transfers);
    for (const { token, from, to, amount = '1' } of transfers) {
      this.#add(token, from, -BigInt(amount), number);
      this.#add(token, to, BigInt(amount), number);
    }
    this.#blocks.push(block);
    this.#byHash.set(block.hash, block);
    return block;
  }

  get head(): Block {
    return this.#at(this.#blocks.length - 1);
  }

  byHash(hash: string): Block | undefined {
    return this.#byHash.get(hash.toLowerCase() as Hash);
  }

  /** The block of a tag or a hexadecimal height. */
  byTag(tag: string): Block | undefined {
    switch (tag) {
      case 'latest':
      case 'pending':
        return this.head;
      case 'safe':
        return this.#at(this.head.number - SAFE_DEPTH);
      case 'finalized':
        return this.#at(this.head.number - FINALIZED_DEPTH);
      case 'earliest':
        return this.#at(0);
      default:
        return this.#blocks[Number(tag)];
    }
  }

  /** The balance as an ABI word, as of that block. */
  balanceWord(token: Address, owner: Address, number: number): string {
    const changes = this.#changes.get(token + owner);
    const change = changes?.findLast((each) => each.number <= number);
    return change?.word ?? word(defaultBalance(token, owner));
  }

  #add(token: Address, owner: Address, amount: bigint, number: number): void {
    const changes = this.#changes.get(token + owner) ?? [];
    this.#changes.set(token + owner, changes);
    const before = changes.at(-1)?.amount ?? BigInt(defaultBalance(token, owner));
    const after = before + amount;
    changes.push({ number, amount: after, word: word(after) });
  }

  #at(number: number): Block {
    const block = this.#blocks[Math.max(0, number)];
    if (!block) throw new RangeError(`no block ${number}`);
    return block;
  }
}

/** At least a million, so that no run of transfers of single units takes it below zero. */
export function defaultBalance(token: Address, owner: Address): number {
  return 1_000_000 + (Number.parseInt(token.slice(-6), 16) ^ Number.parseInt(owner.slice(-6), 16));
}
