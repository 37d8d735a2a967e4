/** So much of something for all together: whoever takes of it gives it back. */
export class Allowance {
  #left: number;

  constructor(amount: number) {
    this.#left = amount;
  }

  /** False, and nothing taken, where there is not so much left. */
  take(amount: number): boolean {
    if (amount > this.#left) return false;
    this.#left -= amount;
    return true;
  }

  give(amount: number): void {
    this.#left += amount;
  }
}
