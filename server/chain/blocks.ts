import { z } from 'zod';
import { describe } from '../errors.ts';
import { Backoff, sleep } from '../lib/retry.ts';
import { parseHeader } from './header.ts';
import type { Heads } from './heads.ts';
import { hexOf, toQuantity } from './hex.ts';
import { type Lineage, REMEMBERED_BLOCKS } from './lineage.ts';
import { fetchLogs, filtersFor } from './logs.ts';
import { plan } from './plan.ts';
import { BlockUnavailable, EndpointError } from './rpc/errors.ts';
import type { Pool } from './rpc/pool.ts';
import { type Touch, touchesOf } from './touches.ts';
import type { Address, Hash, Header } from './types.ts';

/** A gap up to this long is always scanned, so that its changes keep their transactions. */
const SCAN_ALWAYS = 16;
const HEADERS_AT_ONCE = 32;
const BLOCKS_AT_ONCE = 8;
const RETRY_LEAST_MS = 50;
const RETRY_MOST_MS = 2000;
/** Past this many wallets a block's native balances are read for the parties of its transactions alone. */
export const MOST_WALLETS_EVERY_BLOCK = 1000;

/** Who is watched at the moment; the version grows when a wallet is added. */
export interface WatchedWallets {
  readonly version: number;
  readonly owners: readonly Address[];
  /** Multicall3 reads that it would take to read everything anew. */
  readonly readsForAll: number;
}

/** One step of the chain, as the storeys above need it. */
export interface Advance {
  readonly tip: Header;
  /** Blocks above this height are no longer ours; undefined where the chain only grew. */
  readonly forkedAbove: number | undefined;
  /** False: blocks went by unscanned (the first one, a long gap), so everything must be read again. */
  readonly complete: boolean;
  readonly touches: readonly Touch[];
  /** The parties of the blocks' transactions; undefined: the native balance of every wallet may have moved. */
  readonly parties: ReadonlySet<Address> | undefined;
  /** Which wallets the scan knew of. */
  readonly walletsVersion: number;
  /** By performance.now(): when the tip was announced. */
  readonly announcedAtMs: number;
}

export interface BlocksObserver {
  gap(blocks: number): void;
  reorg(depth: number): void;
}

interface BlocksOptions {
  readonly pool: Pool;
  readonly heads: Heads;
  readonly lineage: Lineage;
  readonly wallets: () => WatchedWallets;
  readonly observer: BlocksObserver;
}

/**
 * Turns heads into advances: plans each head, walks back over what was missed, fetches the logs of every new
 * block by its hash. The lineage moves only over blocks whose logs were had; a head that cannot be processed is
 * tried again, or overtaken by a newer one, for ever.
 */
export class Blocks {
  readonly #options: BlocksOptions;
  #failure: string | undefined;

  constructor(options: BlocksOptions) {
    this.#options = options;
  }

  /** Why the newest head could not be processed; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  async *follow(signal: AbortSignal): AsyncGenerator<Advance, void> {
    const { heads } = this.#options;
    const backoff = new Backoff({ leastMs: RETRY_LEAST_MS, mostMs: RETRY_MOST_MS });
    for await (const heard of heads.follow(signal)) {
      let head = heard;
      while (true) {
        try {
          const advance = await this.#process(head, signal);
          this.#failure = undefined;
          backoff.reset();
          if (advance) yield advance;
          break;
        } catch (error) {
          signal.throwIfAborted();
          this.#failure = describe(error);
          await sleep(backoff.next(), signal);
          // Another head may have taken its place, and with a quiet socket only asking tells.
          await heads.ask(signal).catch(() => undefined);
          head = heads.latest ?? head;
        }
      }
    }
  }

  async #process(head: Header, signal: AbortSignal): Promise<Advance | undefined> {
    const { heads, lineage, observer } = this.#options;
    const announcedAtMs = heads.announcedAtMs;
    const tip = lineage.tip;
    const step = plan(lineage, head, tip !== undefined && heads.isGone(tip));
    if (step === 'duplicate') return undefined;
    const wallets = this.#options.wallets();
    const filters = filtersFor(wallets.owners);
    const all = {
      tip: head,
      touches: [],
      parties: undefined,
      walletsVersion: wallets.version,
      announcedAtMs,
    };
    const restart = async (): Promise<Advance> => {
      // So much rests on it that it must be there by its own hash: one stray message must not move us.
      await this.#headerOf(head.hash, signal);
      lineage.restart(head);
      return { ...all, forkedAbove: undefined, complete: false };
    };
    if (step === 'first' || !tip) return restart();
    const missed = head.number - tip.number - 1;
    if (step === 'gap') {
      observer.gap(missed);
      if (missed > SCAN_ALWAYS && missed * (filters.length + 1) > wallets.readsForAll) return restart();
    }
    if (step === 'rollback') {
      observer.reorg(tip.number - head.number);
      lineage.advance([head]);
      return { ...all, forkedAbove: head.number, complete: true };
    }
    const headers = step === 'next' ? [head] : await this.#walkBack(head, signal);
    const first = headers?.[0];
    if (!headers || !first) return restart();
    const forkedAbove = first.number <= tip.number ? first.number - 1 : undefined;
    if (forkedAbove !== undefined) observer.reorg(tip.number - forkedAbove);
    const wantsParties = wallets.owners.length > MOST_WALLETS_EVERY_BLOCK;
    const scans = await inBatches(headers, BLOCKS_AT_ONCE, async (header) => {
      const [logs, parties] = await Promise.all([
        fetchLogs(this.#options.pool, header, filters, signal),
        wantsParties ? this.#partiesOf(header.hash, signal) : [],
      ]);
      return { touches: touchesOf(logs, header.number), parties };
    });
    lineage.advance(headers);
    return {
      ...all,
      forkedAbove,
      complete: true,
      touches: scans.flatMap(({ touches }) => touches),
      parties: wantsParties ? new Set(scans.flatMap(({ parties }) => parties)) : undefined,
    };
  }

  /** The blocks from our chain (exclusive) to the head, ascending; undefined where they never meet it. */
  async #walkBack(head: Header, signal: AbortSignal): Promise<Header[] | undefined> {
    const { lineage } = this.#options;
    const branch = [head];
    const limit = REMEMBERED_BLOCKS + Math.max(0, head.number - (lineage.tip?.number ?? 0));
    let lowest = head;
    while (!lineage.has(lowest.number - 1, lowest.parentHash)) {
      if (branch.length >= limit || lowest.number === 0) return undefined;
      // Down to our own height in one go; below it a step at a time, doubling.
      const above = lowest.number - 1 - (lineage.tip?.number ?? 0);
      const want = Math.min(HEADERS_AT_ONCE, lowest.number, above > 0 ? above : branch.length);
      const numbers = Array.from({ length: want }, (_, index) => lowest.number - 1 - index);
      const fetched = await Promise.all(numbers.map((number) => this.#headerAt(number, signal)));
      for (const header of fetched) {
        const linked =
          header.hash === lowest.parentHash ? header : await this.#headerOf(lowest.parentHash, signal);
        branch.push(linked);
        lowest = linked;
        if (lineage.has(lowest.number - 1, lowest.parentHash)) break;
      }
    }
    return branch.reverse();
  }

  async #headerAt(number: number, signal: AbortSignal): Promise<Header> {
    const params = [toQuantity(number), false];
    return await this.#options.pool.request(
      { method: 'eth_getBlockByNumber', params, parse: parseHeader },
      signal,
    );
  }

  async #headerOf(hash: Hash, signal: AbortSignal): Promise<Header> {
    const params = [hash, false];
    const parse = (block: unknown) => {
      const header = parseHeader(block);
      if (header.hash === hash) return header;
      throw new EndpointError(`eth_getBlockByHash: asked for ${hash}, got ${header.hash}`);
    };
    return await this.#options.pool.request({ method: 'eth_getBlockByHash', params, parse }, signal);
  }

  async #partiesOf(hash: Hash, signal: AbortSignal): Promise<Address[]> {
    const params = [hash, true];
    return await this.#options.pool.request(
      { method: 'eth_getBlockByHash', params, parse: parseParties },
      signal,
    );
  }
}

/** Senders and receivers. Throws BlockUnavailable for null, EndpointError on garbage. */
function parseParties(block: unknown): Address[] {
  if (block === null) throw new BlockUnavailable('there is no such block');
  const parsed = partiesSchema.safeParse(block);
  if (!parsed.success)
    throw new EndpointError(`eth_getBlockByHash: malformed: ${z.prettifyError(parsed.error)}`);
  return parsed.data.transactions.flatMap(({ from, to }) => (to ? [from, to] : [from]));
}

const partiesSchema = z.object({
  transactions: z.array(z.object({ from: hexOf(40), to: hexOf(40).nullish() })),
});

async function inBatches<T, R>(
  items: readonly T[],
  size: number,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size)
    results.push(...(await Promise.all(items.slice(start, start + size).map(task))));
  return results;
}
