import { setImmediate as turn } from 'node:timers/promises';

/** Balances that are put together in one go. */
const A_TURN = 500;
/** Lists that are longer wait for one another, and others do not wait for them. */
const SHORT = 2500;

/**
 * What one subscriber is told of at once may be ten thousand balances, and everybody else waits while it is put
 * together. So long lists are completed in parts, one part a turn of the event loop; and one list after the other, as
 * each takes megabytes until it is sent, the short ones beside the long ones.
 */
export class Turns {
  readonly #last: Record<'short' | 'long', Promise<unknown>> = {
    short: Promise.resolve(),
    long: Promise.resolve(),
  };

  /** The values of a list of the schema: at once where they are few, else when it is their turn, part by part. */
  of<T>(values: readonly T[]): readonly T[] | Promise<readonly (T | Promise<T>)[]> {
    return values.length <= A_TURN ? values : this.#inParts(values);
  }

  async #inParts<T>(values: readonly T[]): Promise<readonly (T | Promise<T>)[]> {
    const queue = values.length <= SHORT ? 'short' : 'long';
    const before = this.#last[queue];
    const over = Promise.withResolvers<void>();
    this.#last[queue] = over.promise;
    await before;
    let part: Promise<unknown> = turn();
    const parts = values.map((value, index) => {
      if (index > 0 && index % A_TURN === 0) part = part.then(() => turn());
      return part.then(() => value);
    });
    void part.then(() => turn()).then(over.resolve);
    return parts;
  }
}
