/** So much for all together and so much for each: whoever takes of it gives it back. */
export class Shares {
  readonly #most: number;
  readonly #mostEach: number;
  readonly #held = new Map<string, number>();
  #all = 0;

  constructor({ most, mostEach }: { most: number; mostEach: number }) {
    this.#most = most;
    this.#mostEach = mostEach;
  }

  /** What was taken, until it is disposed of; or whose limit it is past. */
  take(holder: string, amount: number): Disposable | 'each' | 'all' {
    const theirs = this.#held.get(holder) ?? 0;
    if (theirs + amount > this.#mostEach) return 'each';
    if (this.#all + amount > this.#most) return 'all';
    this.#add(holder, amount);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#add(holder, -amount);
        isHeld = false;
      },
    };
  }

  #add(holder: string, amount: number): void {
    this.#all += amount;
    const theirs = (this.#held.get(holder) ?? 0) + amount;
    if (theirs > 0) this.#held.set(holder, theirs);
    else this.#held.delete(holder);
  }
}
