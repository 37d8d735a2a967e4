import { atMost } from '../lib/at-most.ts';
import { BODIES_OF_A_SCAN, Bodies, type Body, type Transaction } from './bodies.ts';
import { APPROVAL, fetchLogs, filtersFor } from './logs.ts';
import type { Pool } from './rpc/pool.ts';
import { TRADE } from './settlement.ts';
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
  /** Whether an allowance of any of them is. */
  readonly watchesAllowances: boolean;
  /** Whether the native balance of any of them is. */
  readonly watchesNatives: boolean;
  /** Multicall3 reads that it would take to read everything anew. */
  readonly readsForAll: number;
}

/** What blocks did to the wallets that were watched. */
export interface Scan {
  readonly touches: readonly Touch[];
  /** The parties of the blocks' transactions; undefined: the native balance of every wallet may have moved. */
  readonly parties: readonly Address[] | undefined;
  /** Of those of the blocks whose transactions were asked for. */
  readonly bodies: readonly Body[];
  /** Which wallets it knew of. */
  readonly walletsVersion: number;
}

/**
 * Scans blocks by their hashes, several at once. What a block did never changes, so what was had of a scan that
 * failed is kept for the next one: an endpoint that fails now and then makes a long gap slow, not endless.
 */
export class Scanner {
  readonly #pool: Pool;
  readonly #settlement: Address | undefined;
  readonly #bodies: Bodies;
  readonly #kept = new Map<Hash, Scan>();
  #scanned = 0;

  constructor(pool: Pool, settlement: Address | undefined) {
    this.#pool = pool;
    this.#settlement = settlement;
    this.#bodies = new Bodies(pool);
  }

  /** Grows with every block that was scanned. */
  get progress(): number {
    return this.#scanned;
  }

  /** What all of these blocks did, in their order. */
  async scan(headers: readonly Header[], wallets: WatchedWallets, signal: AbortSignal): Promise<Scan> {
    const wanted = new Set(headers.map(({ hash }) => hash));
    for (const hash of this.#kept.keys()) if (!wanted.has(hash)) this.#kept.delete(hash);
    this.#bodies.forget(wanted);
    const { owners, watchesNatives, watchesAllowances } = wallets;
    const more = [...(this.#settlement ? [TRADE] : []), ...(watchesAllowances ? [APPROVAL] : [])];
    const filters = filtersFor(owners, more);
    const wantsParties = watchesNatives && owners.length > MOST_WALLETS_EVERY_BLOCK;
    const wantsBodies = watchesNatives && !wantsParties && headers.length <= BODIES_OF_A_SCAN;
    const missing = headers.filter(({ hash }) => !this.#kept.has(hash));
    await atMost(BLOCKS_AT_ONCE, missing, async (header) => {
      const { hash, number } = header;
      const asked = Promise.all([
        fetchLogs(this.#pool, header, filters, signal),
        wantsParties ? this.#bodies.fetch(hash, signal) : undefined,
      ]);
      // It is not waited for: neither tokens nor the chain's advance must be the later for it.
      const body = wantsBodies ? this.#bodies.ask(header, signal) : undefined;
      const [logs, transactions] = await asked;
      const known = transactions && { height: number, transactions: Promise.resolve(transactions) };
      this.#kept.set(hash, {
        touches: touchesOf(logs, number, this.#settlement),
        parties: transactions && partiesOf(transactions),
        bodies: [body ?? known ?? []].flat(),
        walletsVersion: wallets.version,
      });
      this.#scanned += 1;
    });
    return together(headers.flatMap(({ hash }) => this.#kept.get(hash) ?? []));
  }

  forget(): void {
    this.#kept.clear();
    this.#bodies.forget(new Set());
  }
}

/**
 * What an `eth_getLogs` for each filter, a header and, where they decide what is read, the block's transactions come
 * to. A gap that is so long that this matters is not asked for them to explain it.
 */
export function requestsPerBlock({ owners, watchesNatives }: WatchedWallets): number {
  const wantsParties = watchesNatives && owners.length > MOST_WALLETS_EVERY_BLOCK;
  return filtersFor(owners).length + (wantsParties ? 2 : 1);
}

function together(scans: readonly Scan[]): Scan {
  const parties = scans.map((scan) => scan.parties);
  return {
    touches: scans.flatMap(({ touches }) => touches),
    parties: parties.every((known) => known !== undefined) ? parties.flat() : undefined,
    bodies: scans.flatMap(({ bodies }) => bodies),
    walletsVersion: Math.min(...scans.map(({ walletsVersion }) => walletsVersion)),
  };
}

function partiesOf(transactions: readonly Transaction[]): Address[] {
  return transactions.flatMap(({ from, to }) => (to ? [from, to] : [from]));
}
