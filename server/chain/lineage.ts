import type { BlockRef, Hash, Header } from './types.ts';

/** How many blocks back we know the chain by hash: a reorganisation deeper than this is met by re-reading all. */
export const REMEMBERED_BLOCKS = 256;

/**
 * The chain as we processed it: the last blocks by height. Written by `blocks` alone, one synchronous step per
 * advance; read by whoever must know whether a block is still ours.
 */
export class Lineage {
  /** Ascending and without holes: what is put is linked, and everything at or above it goes first. */
  readonly #byNumber = new Map<number, Header>();
  #tip: Header | undefined;

  get tip(): Header | undefined {
    return this.#tip;
  }

  /** The lowest height that we know; undefined before the first block. */
  get floor(): number | undefined {
    return this.#byNumber.keys().next().value;
  }

  at(number: number): Header | undefined {
    return this.#byNumber.get(number);
  }

  has(number: number, hash: Hash): boolean {
    return this.#byNumber.get(number)?.hash === hash;
  }

  /** Whether the block is on our chain; what is older than we remember counts as settled. */
  isCanonical({ number, hash }: BlockRef): boolean {
    const tip = this.#tip;
    if (!tip || number > tip.number) return false;
    const known = this.#byNumber.get(number);
    return known ? known.hash === hash : number < tip.number - REMEMBERED_BLOCKS;
  }

  /** Puts blocks, ascending and linked, in the place of everything at or above the first one's height. */
  advance(headers: readonly Header[]): void {
    const [first] = headers;
    if (!first) return;
    for (let number = first.number; number <= (this.#tip?.number ?? -1); number += 1)
      this.#byNumber.delete(number);
    for (const header of headers) {
      this.#byNumber.set(header.number, header);
      this.#byNumber.delete(header.number - REMEMBERED_BLOCKS);
      this.#tip = header;
    }
  }

  /** Begins anew from a block that has no known link to what came before. */
  restart(header: Header): void {
    this.#byNumber.clear();
    this.#byNumber.set(header.number, header);
    this.#tip = header;
  }
}
