/** On fast chains native balances, which every block touches, are read at most this often. */
const INTERVAL_MS = 1000;

/**
 * When the native balances of all wallets are due: at the first block after a pause at once, then for all the
 * blocks of an interval together. Told of each block by the ledger, which does the touching.
 */
export class NativeTurns {
  readonly #due: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(due: () => void, signal: AbortSignal) {
    this.#due = due;
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
  }

  /** Whether a block has touched native balances that were not yet due. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  blockCame(): void {
    if (this.#timer) return;
    const waitMs = this.#lastMs + INTERVAL_MS - performance.now();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#turn(), waitMs);
    else this.#turn();
  }

  #turn(): void {
    this.#timer = undefined;
    this.#lastMs = performance.now();
    this.#due();
  }
}
