import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '../chain/bodies.ts';
import { type Address, type BlockRef, NATIVE } from '../chain/types.ts';
import { eventually } from '../test/app.ts';
import { Held } from './held.ts';
import { isDue, newPair, type WatchedPair } from './pair.ts';
import { Payments } from './payments.ts';

const alice: Address = `0x${'a1'.repeat(20)}`;
const gold: Address = `0x${'00'.repeat(20)}`;
const block = (number: number): BlockRef => ({ number, hash: `0x${'ab'.repeat(32)}`, timestamp: 0 });

let stop: AbortController;
let known: PromiseWithResolvers<Transaction[] | undefined>;
let merged: WatchedPair[];
let again: WatchedPair[];
let held: Held;
/** Whether what is merged counts; otherwise its block was replaced. */
let stands: boolean;

beforeEach(() => {
  stop = new AbortController();
  known = Promise.withResolvers();
  [merged, again, stands] = [[], [], true];
  const payments = new Payments(() => true);
  payments.advance({
    forkedAbove: undefined,
    complete: true,
    bodies: [{ height: 7, transactions: known.promise }],
  });
  held = new Held({
    payments,
    merge: (pair) => {
      merged.push(pair);
      if (stands) pair.unsettled = undefined;
    },
    again: (pair) => again.push(pair),
    signal: stop.signal,
  });
});
afterEach(() => stop.abort());

/** Worth 1, as of a height, and touched in the next. */
function touched(token: Address, height = 6): WatchedPair {
  const pair = newPair(alice, token);
  const balance = { owner: alice, token, amount: 1n, reason: null, previousAmount: null };
  const readAt = block(height);
  pair.entry = { balance: { ...balance, transactions: [], block: readAt }, readAt, cause: 'SUBSCRIBED' };
  pair.unsettled = { cause: 'EVENT', from: height + 1, through: height + 1, by: [] };
  return pair;
}

describe('a reading', () => {
  it('of a native balance that moved waits to hear what moved it; nothing else does', async () => {
    const coin = touched(NATIVE);
    const others = [touched(gold), touched(NATIVE), newPair(alice, NATIVE), touched(NATIVE, 7)];
    const [moved, same] = [{ amount: 2n }, { amount: 1n }];
    held.settle([coin, ...others], [moved, moved, same, moved, moved], block(7));
    expect(merged).toEqual(others);
    expect([coin.unsettled !== undefined, isDue(coin)]).toEqual([true, false]);
    known.resolve([]);
    await eventually(() => expect(merged).toContain(coin));
    expect(again).toEqual([]);
  });

  it('is not waited for for ever', async () => {
    const coin = touched(NATIVE);
    held.settle([coin], [{ amount: 2n }], block(7));
    await eventually(() => expect(merged).toEqual([coin]));
  });

  it('that waits does not do for a block that came after it', () => {
    const coin = touched(NATIVE);
    held.settle([coin], [{ amount: 2n }], block(7));
    if (coin.unsettled) coin.unsettled = { ...coin.unsettled, through: 8 };
    expect(isDue(coin)).toBe(true);
  });

  it('whose block is replaced while it waits is had again', async () => {
    const coin = touched(NATIVE);
    held.settle([coin], [{ amount: 2n }], block(7));
    stands = false;
    known.resolve(undefined);
    await eventually(() => expect(again).toEqual([coin]));
    expect(isDue(coin)).toBe(true);
  });

  it('that waits ends with the service', async () => {
    held.settle([touched(NATIVE)], [{ amount: 2n }], block(7));
    stop.abort();
    known.resolve([]);
    await known.promise;
    expect(merged).toEqual([]);
  });
});
