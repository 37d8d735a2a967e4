import { createHash } from 'node:crypto';

/** Randomness that is the same for the same seed: mulberry32 (https://github.com/bryc/code, public domain). */
export class Random {
  readonly #name: string;
  #state: number;

  constructor(seed: number | string) {
    this.#name = String(seed);
    this.#state = createHash('sha256').update(this.#name).digest().readUInt32LE();
  }

  /** A stream of its own, so that how often one part asks does not change what another gets. */
  fork(name: string): Random {
    return new Random(`${this.#name}/${name}`);
  }

  /** 0 or more, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** A whole number, both bounds included. */
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(of: readonly T[]): T {
    const chosen = of[this.whole(0, of.length - 1)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  }

  shuffled<T>(of: readonly T[]): T[] {
    const order = of.map((item) => ({ item, rank: this.next() }));
    return order.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
  }
}
