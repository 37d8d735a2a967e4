/** So many in a span of time, and the rest only counted: for lines in a log that a stranger can cause. */
export class Ration {
  readonly #most: number;
  readonly #spanMs: number;
  readonly #now: () => number;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #refused = 0;

  constructor(most: number, spanMs: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#spanMs = spanMs;
    this.#now = now;
  }

  /** How many were refused since the last that was not; undefined: this one is refused too. */
  take(): number | undefined {
    const now = this.#now();
    if (now - this.#sinceMs >= this.#spanMs) {
      this.#sinceMs = now;
      this.#taken = 0;
    }
    if (this.#taken === this.#most) {
      this.#refused += 1;
      return undefined;
    }
    this.#taken += 1;
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }
}
