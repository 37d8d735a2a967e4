import type { Query } from '@tanstack/react-query';
import { demandKey } from '../react/demand-key.ts';
import type { SharedWatches } from '../react/shared-watches.ts';
import type { WatchedBalance } from '../types.ts';
import type { Judges } from './judges.ts';
import type { Slot, Slots } from './slots.ts';

interface LiveQueryOptions extends Slots {
  readonly query: Query;
  readonly watches: SharedWatches;
  readonly judges: Judges;
  /** Chains that the server does not serve, as far as is known. */
  readonly unserved: Set<number>;
}

/** A slot, and what became of it. */
interface Place {
  readonly slot: Slot;
  readonly key: string;
  /** The balance that was dealt with last. */
  told: WatchedBalance | undefined;
  /** Whether what is in it was fetched by wagmi, and not yet found to be what we know. */
  isTheirs: boolean;
}

/** So many times the newer of two balances is asked for, a little later each time. */
const ATTEMPTS = 6;
const PAUSE_MS = 250;

/**
 * Keeps one of wagmi's queries up to date. What the stream tells is written where it is news. Where wagmi has fetched
 * something else by itself nobody knows at first which is newer, for wagmi's data does not say of which block it is: so
 * wagmi's node is asked for its head, which is no older than that. A balance that is true as of that block, or of a later
 * one, is written; one that is not waits, and the server is asked for one that is.
 *
 * Fed by its watches and by the query cache; writes into the query. Ends with `stop`.
 */
export class LiveQuery {
  readonly #options: LiveQueryOptions;
  readonly #places: readonly Place[];
  readonly #leave: readonly (() => void)[];
  /** Of wagmi's node, by chain, as of after its last fetch. */
  readonly #heads = new Map<number, bigint>();
  #fetches = 0;
  #isStirred = false;
  #isSettling = false;
  #isStopped = false;

  constructor(options: LiveQueryOptions) {
    const { slots, watches } = options;
    this.#options = options;
    this.#places = slots.flatMap((slot) => {
      const key = demandKey({ ...slot, customTokens: [slot.token] });
      return key === undefined ? [] : [{ slot, key, told: undefined, isTheirs: true }];
    });
    const stir = () => this.#stir();
    this.#leave = this.#places.map(({ key }) => watches.subscribe(key, stir));
    // Others may have asked for the same before.
    stir();
  }

  /** wagmi has read for itself. */
  fetched(): void {
    this.#fetches += 1;
    this.#heads.clear();
    for (const place of this.#places) {
      place.isTheirs = true;
      place.told = undefined;
    }
    this.#stir();
  }

  stop(): void {
    this.#isStopped = true;
    for (const leave of this.#leave) leave();
  }

  /** One look for all that is told in the same step. */
  #stir(): void {
    if (this.#isStirred) return;
    this.#isStirred = true;
    queueMicrotask(() => {
      this.#isStirred = false;
      if (!this.#isStopped) this.#look();
    });
  }

  /** Writes what is known to be newer; what is not is left to be settled. */
  #look(): void {
    const { data } = this.#options.query.state;
    const written = new Map<Place, WatchedBalance>();
    let isDisputed = false;
    for (const place of this.#places) {
      const known = this.#known(place);
      const shown = place.slot.read(data);
      if (!known || known === place.told || shown === undefined) continue;
      const head = this.#heads.get(place.slot.chainId);
      if (shown === known.amount) agree(place, known);
      else if (!place.isTheirs || (head !== undefined && known.block.number >= head))
        written.set(place, known);
      else isDisputed = true;
    }
    this.#write(written);
    if (isDisputed && !this.#isSettling) void this.#settle();
  }

  async #settle(): Promise<void> {
    this.#isSettling = true;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const fetches = this.#fetches;
      // Either end may be out of reach; then what wagmi has stays, and is looked at again with the next news.
      await this.#judge().catch(() => {});
      if (this.#disputed().length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
      if (fetches !== this.#fetches) attempt = 0;
    }
    for (const { place, known } of this.#disputed()) place.told = known;
    this.#isSettling = false;
  }

  async #judge(): Promise<void> {
    const { judges } = this.#options;
    const fetches = this.#fetches;
    const chains = new Set(this.#disputed().map(({ place }) => place.slot.chainId));
    await Promise.all(
      [...chains].map(async (chainId) => {
        if (this.#heads.has(chainId)) return;
        const head = await judges.head(chainId);
        if (fetches === this.#fetches) this.#heads.set(chainId, head);
      }),
    );
    this.#look();
    const readings = await Promise.all(
      this.#disputed().map(async ({ place, known }) => ({
        place,
        known,
        reading: await judges.read(place.slot),
      })),
    );
    // Had wagmi fetched again meanwhile, the heads would be of before that.
    if (fetches !== this.#fetches) return;
    const written = new Map<Place, WatchedBalance>();
    for (const { place, known, reading } of readings) {
      const head = this.#heads.get(place.slot.chainId);
      const isProven = reading && head !== undefined && reading.block.number >= head;
      // What was told meanwhile may be newer still; it was looked at when it came.
      if (!isProven || !place.isTheirs || this.#known(place) !== known) continue;
      written.set(place, reading);
    }
    this.#write(written);
    for (const { place, known } of readings) if (written.has(place)) place.told = known;
  }

  #disputed(): { readonly place: Place; readonly known: WatchedBalance }[] {
    if (this.#isStopped) return [];
    return this.#places.flatMap((place) => {
      const known = this.#known(place);
      const shown = place.slot.read(this.#options.query.state.data);
      const isDisputed = place.isTheirs && known && known !== place.told && shown !== undefined;
      return isDisputed && shown !== known.amount ? [{ place, known }] : [];
    });
  }

  /** What is known to be true now. */
  #known({ key, slot }: Place): WatchedBalance | undefined {
    const { status, balances } = this.#options.watches.read(key);
    const balance = balances.get(slot.token);
    if (status.error?.code === 'CHAIN_NOT_SERVED') this.#options.unserved.add(slot.chainId);
    return status.state === 'live' && balance?.amount !== null ? balance : undefined;
  }

  #write(written: ReadonlyMap<Place, WatchedBalance>): void {
    const { query, areAll } = this.#options;
    let { data } = query.state;
    for (const [place, balance] of written) {
      if (balance.amount !== null && balance.amount !== place.slot.read(data))
        data = place.slot.write(data, balance.amount);
      agree(place, balance);
    }
    if (data === query.state.data) return;
    // What else is in it is no fresher than it was.
    const time = areAll ? {} : { updatedAt: query.state.dataUpdatedAt };
    query.setData(data, { ...time, manual: true });
  }
}

function agree(place: Place, balance: WatchedBalance): void {
  place.told = balance;
  place.isTheirs = false;
}
