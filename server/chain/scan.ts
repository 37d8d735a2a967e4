import { z } from 'zod';
import { atMost } from '../lib/at-most.ts';
import { fetchLogs, filtersFor } from './logs.ts';
import { BlockUnavailable } from './rpc/errors.ts';
import type { Pool } from './rpc/pool.ts';
import { eachShaped, hexOf, shaped } from './shape.ts';
import { type Touch, touchesOf } from './touches.ts';
import type { Address, Hash, Header } from './types.ts';

/** More would not make a provider's quota larger: a scan of many blocks is as fast as it lets us. */
const BLOCKS_AT_ONCE = 8;
/** Past this many wallets a block's native balances are read for the parties of its transactions alone. */
export const MOST_WALLETS_EVERY_BLOCK = 1000;

/** Who is watched at the moment; the version grows when a wallet is added, or the first allowance. */
export interface WatchedWallets {
  readonly version: number;
  readonly owners: readonly Address[];
  readonly watchesAllowances: boolean;
  /** Multicall3 reads that it would take to read everything anew. */
  readonly readsForAll: number;
}

/** What blocks did to the wallets that were watched. */
export interface Scan {
  readonly touches: readonly Touch[];
  /** The parties of the blocks' transactions; undefined: the native balance of every wallet may have moved. */
  readonly parties: readonly Address[] | undefined;
  /** Which wallets it knew of. */
  readonly walletsVersion: number;
}

/**
 * Scans blocks by their hashes, several at once. What a block did never changes, so what was had of a scan that
 * failed is kept for the next one: an endpoint that fails now and then makes a long gap slow, not endless.
 */
export class Scanner {
  readonly #pool: Pool;
  readonly #kept = new Map<Hash, Scan>();
  #scanned = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Grows with every block that was scanned. */
  get progress(): number {
    return this.#scanned;
  }

  /** What all of these blocks did, in their order. */
  async scan(headers: readonly Header[], wallets: WatchedWallets, signal: AbortSignal): Promise<Scan> {
    const wanted = new Set(headers.map(({ hash }) => hash));
    for (const hash of this.#kept.keys()) if (!wanted.has(hash)) this.#kept.delete(hash);
    const filters = filtersFor(wallets.owners, wallets.watchesAllowances);
    const wantsParties = wallets.owners.length > MOST_WALLETS_EVERY_BLOCK;
    const missing = headers.filter(({ hash }) => !this.#kept.has(hash));
    await atMost(BLOCKS_AT_ONCE, missing, async (header) => {
      const { hash, number } = header;
      const [logs, parties] = await Promise.all([
        fetchLogs(this.#pool, header, filters, signal),
        wantsParties ? this.#partiesOf(hash, signal) : undefined,
      ]);
      this.#kept.set(hash, {
        touches: touchesOf(logs, number),
        parties,
        walletsVersion: wallets.version,
      });
      this.#scanned += 1;
    });
    return together(headers.flatMap(({ hash }) => this.#kept.get(hash) ?? []));
  }

  forget(): void {
    this.#kept.clear();
  }

  async #partiesOf(hash: Hash, signal: AbortSignal): Promise<Address[]> {
    const params = [hash, true];
    return await this.#pool.request({ method: 'eth_getBlockByHash', params, parse: parseParties }, signal);
  }
}

/** What an `eth_getLogs` for each filter, a header and the block's transactions come to. */
export function requestsPerBlock({ owners }: WatchedWallets): number {
  return filtersFor(owners).length + (owners.length > MOST_WALLETS_EVERY_BLOCK ? 2 : 1);
}

function together(scans: readonly Scan[]): Scan {
  const parties = scans.map((scan) => scan.parties);
  return {
    touches: scans.flatMap(({ touches }) => touches),
    parties: parties.every((known) => known !== undefined) ? parties.flat() : undefined,
    walletsVersion: Math.min(...scans.map(({ walletsVersion }) => walletsVersion)),
  };
}

/** Senders and receivers. Throws BlockUnavailable for null, EndpointError on garbage. */
export function parseParties(block: unknown): Address[] {
  if (block === null) throw new BlockUnavailable('there is no such block');
  const { transactions } = shaped(blockSchema, block, 'a block');
  const parties = eachShaped(partiesSchema, transactions, 'transactions');
  return parties.flatMap(({ from, to }) => (to ? [from, to] : [from]));
}

const blockSchema = z.object({ transactions: z.unknown() });
const partiesSchema = z.object({ from: hexOf(40), to: hexOf(40).nullish() });
