import type { Address } from '../types.ts';

/** How long a token is isolated at first; doubles every time that it has to be. */
const LEAST_ISOLATION_MS = 10_000;
const MOST_ISOLATION_MS = 3_600_000;
/** Past so many the one that came first is forgotten, and learnt anew. */
const MOST_TOKENS = 100_000;

interface Isolation {
  readonly times: number;
  readonly untilMs: number;
}

/** In what company tokens may be read: proven ones together, isolated ones by themselves, novices with novices. */
export class Trust {
  readonly #now: () => number;
  readonly #isolations = new Map<Address, Isolation>();
  readonly #proven = new Set<Address>();

  constructor(now: () => number) {
    this.#now = now;
  }

  isProven(token: Address): boolean {
    return this.#proven.has(token);
  }

  prove(token: Address): void {
    if (this.#proven.has(token)) return;
    this.#proven.add(token);
    trim(this.#proven);
  }

  /** It has to prove itself again. */
  doubt(token: Address): void {
    this.#proven.delete(token);
  }

  isolate(token: Address): void {
    const times = (this.#isolations.get(token)?.times ?? 0) + 1;
    const forMs = Math.min(MOST_ISOLATION_MS, LEAST_ISOLATION_MS * 2 ** (times - 1));
    this.#isolations.delete(token);
    this.#isolations.set(token, { times, untilMs: this.#now() + forMs });
    trim(this.#isolations);
  }

  isIsolated(token: Address): boolean {
    const isolation = this.#isolations.get(token);
    return isolation !== undefined && isolation.untilMs > this.#now();
  }
}

function trim(kept: {
  readonly size: number;
  keys(): Iterator<Address>;
  delete(key: Address): boolean;
}): void {
  if (kept.size <= MOST_TOKENS) return;
  const oldest = kept.keys().next();
  if (!oldest.done) kept.delete(oldest.value);
}
