import { parseHeader } from './header.ts';
import { toQuantity } from './hex.ts';
import type { Lineage } from './lineage.ts';
import { BlockUnavailable, EndpointError } from './rpc/errors.ts';
import type { Pool } from './rpc/pool.ts';
import type { Hash, Header } from './types.ts';

const HEADERS_AT_ONCE = 32;

interface BranchesOptions {
  readonly pool: Pool;
  readonly lineage: Lineage;
}

/**
 * Finds the blocks between our chain and a head. They are asked for by number, many at once, but taken only where
 * each is the parent of the one above: whatever an endpoint on another fork says in between, there is no hole.
 * What a walk that failed had found is kept for the next one. Single requests, no JSON-RPC batches: some endpoints
 * refuse those, and headers are the lesser part of what a scan asks for.
 */
export class Branches {
  readonly #options: BranchesOptions;
  /** Linked, each to the one above it. */
  #kept = new Map<Hash, Header>();
  #fetched = 0;

  constructor(options: BranchesOptions) {
    this.#options = options;
  }

  /** Grows with every header that was had. */
  get progress(): number {
    return this.#fetched;
  }

  /** Ascending, from our chain (exclusive) to the head; undefined where they meet nothing that we remember. */
  async walkBack(head: Header, signal: AbortSignal): Promise<Header[] | undefined> {
    const { lineage } = this.#options;
    const branch = [head];
    let lowest = head;
    while (!lineage.has(lowest.number - 1, lowest.parentHash)) {
      if (lowest.number <= (lineage.floor ?? lowest.number)) return undefined;
      const kept = this.#kept.get(lowest.parentHash);
      for (const header of kept ? [kept] : await this.#fetchBelow(lowest, branch.length, signal)) {
        branch.push(header);
        lowest = header;
        if (lineage.has(lowest.number - 1, lowest.parentHash)) break;
      }
    }
    this.#kept = new Map(branch.map((header) => [header.hash, header]));
    return branch.reverse();
  }

  /** What was kept is part of our chain now, or of no use. */
  forget(): void {
    this.#kept.clear();
  }

  /** Throws BlockUnavailable where no endpoint has it. */
  async byNumber(number: number, signal: AbortSignal): Promise<Header> {
    const parse = (block: unknown) => expecting(parseHeader(block), { number });
    const params = [toQuantity(number), false];
    return await this.#options.pool.request(
      { method: 'eth_getBlockByNumber', params, parse, height: number },
      signal,
    );
  }

  /** Throws BlockUnavailable where no endpoint has it. */
  async byHash(hash: Hash, number: number, signal: AbortSignal): Promise<Header> {
    const parse = (block: unknown) => expecting(parseHeader(block), { number, hash });
    const params = [hash, false];
    return await this.#options.pool.request(
      { method: 'eth_getBlockByHash', params, parse, height: number },
      signal,
    );
  }

  /** At least one block below, descending, each the parent of the one before. */
  async #fetchBelow(block: Header, walked: number, signal: AbortSignal): Promise<Header[]> {
    // Down to what is known in one go; where the chain was another one a step at a time, doubling.
    const above = block.number - 1 - this.#highestKnownBelow(block.number);
    const count = Math.min(HEADERS_AT_ONCE, block.number, above > 0 ? above : walked);
    const numbers = Array.from({ length: count }, (_, index) => block.number - 1 - index);
    const answers = await Promise.allSettled(numbers.map((number) => this.byNumber(number, signal)));
    const linked: Header[] = [];
    let lowest = block;
    for (const answer of answers) {
      if (answer.status === 'rejected') {
        // An endpoint may be short of a block by number and know it by hash. What else was had is kept.
        if (linked.length > 0) break;
        if (!(answer.reason instanceof BlockUnavailable)) throw answer.reason;
      }
      const isParent = answer.status === 'fulfilled' && answer.value.hash === lowest.parentHash;
      const header = isParent
        ? answer.value
        : await this.byHash(lowest.parentHash, lowest.number - 1, signal);
      this.#kept.set(header.hash, header);
      this.#fetched += 1;
      linked.push(header);
      lowest = header;
    }
    return linked;
  }

  #highestKnownBelow(number: number): number {
    let highest = this.#options.lineage.tip?.number ?? 0;
    for (const kept of this.#kept.values())
      if (kept.number > highest && kept.number < number) highest = kept.number;
    return highest;
  }
}

function expecting(header: Header, asked: { readonly number: number; readonly hash?: Hash }): Header {
  const { number, hash = header.hash } = asked;
  if (header.number === number && header.hash === hash) return header;
  throw new EndpointError(
    `a block header: asked for ${asked.hash ?? number}, got ${header.number} ${header.hash}`,
  );
}
