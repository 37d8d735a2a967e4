import type { Address } from '../types.ts';
import type { Pair } from './reader.ts';

/** How long a token is isolated at first; doubles every time that it has to be. */
const LEAST_ISOLATION_MS = 10_000;
const MOST_ISOLATION_MS = 3_600_000;
/** Past so many tokens or getters the one that came first is forgotten, and learnt anew. */
const MOST_KEPT = 100_000;

interface Isolation {
  readonly times: number;
  readonly untilMs: number;
}

/** In what company tokens may be read: proven ones together, isolated ones by themselves, novices with novices. */
export class Trust {
  readonly #now: () => number;
  readonly #isolations = new Map<Address, Isolation>();
  readonly #proven = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  isProven(pair: Pair): boolean {
    return this.#proven.has(getterOf(pair));
  }

  prove(pair: Pair): void {
    if (this.#proven.has(getterOf(pair))) return;
    this.#proven.add(getterOf(pair));
    trim(this.#proven);
  }

  /** It has to prove itself again. */
  doubt(pair: Pair): void {
    this.#proven.delete(getterOf(pair));
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

/** The function that reads such a pair: that a token's balanceOf reads well says nothing of its allowance. */
function getterOf({ token, spender }: Pair): string {
  return spender === undefined ? token : `${token} allowance`;
}

function trim<K>(kept: { readonly size: number; keys(): Iterator<K>; delete(key: K): boolean }): void {
  if (kept.size <= MOST_KEPT) return;
  const oldest = kept.keys().next();
  if (!oldest.done) kept.delete(oldest.value);
}
