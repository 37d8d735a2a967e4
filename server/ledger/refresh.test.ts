import { afterEach, describe, expect, it } from 'vitest';
import { chunksOf } from '../chain/multicall/reader.ts';
import type { Address, BlockRef } from '../chain/types.ts';
import { eventually } from '../test/app.ts';
import { newPair, type WatchedPair } from './pair.ts';
import { READS_AT_ONCE, Refresh } from './refresh.ts';

const block: BlockRef = { number: 7, hash: `0x${'ab'.repeat(32)}`, timestamp: 0 };
const stop: AbortController[] = [];

afterEach(() => {
  for (const controller of stop.splice(0)) controller.abort();
});

/** An upstream that answers when it is told to, and the refresh that asks it. Tokens of the stranger are not trusted. */
function start() {
  const controller = new AbortController();
  stop.push(controller);
  const asked: { readonly pairs: readonly WatchedPair[]; readonly answer: () => void }[] = [];
  const looks = { pairs: 0 };
  const refresh = new Refresh({
    windowMs: 0,
    pin: () => block,
    chunks: (pairs) => {
      looks.pairs += pairs.length;
      return [true, false].flatMap((isTrusted) =>
        chunksOf(pairs.filter((pair) => isOfStranger(pair) !== isTrusted)).map((part) => ({
          pairs: part,
          isTrusted,
        })),
      );
    },
    read: (pairs, _pin, _signal, had) =>
      new Promise<void>((resolve) => {
        asked.push({
          pairs,
          answer: () => {
            had(pairs, []);
            resolve();
          },
        });
      }),
    settle: (pairs) => {
      for (const pair of pairs) pair.unsettled = undefined;
    },
    signal: controller.signal,
  });
  return { refresh, asked, looks };
}

function isOfStranger({ owner }: WatchedPair): boolean {
  return owner.endsWith('ff');
}

function touched(count: number, owner: Address): WatchedPair[] {
  return Array.from({ length: count }, (_, index) => {
    const pair = newPair(owner, `0x${index.toString(16).padStart(40, '0')}`);
    pair.unsettled = { cause: 'EVENT', from: 7, through: 7, by: [] };
    return pair;
  });
}

const alice: Address = `0x${'a1'.repeat(20)}`;
const stranger: Address = `0x${'ff'.repeat(20)}`;

describe('with an upstream that does not keep up', () => {
  it('there are no more than so many reads under way, and all is read in the end', async () => {
    const { refresh, asked } = start();
    const pairs = touched((READS_AT_ONCE + 5) * 500, alice);
    for (const pair of pairs) refresh.add(pair);
    await eventually(() => expect(asked).toHaveLength(READS_AT_ONCE));
    // Touched again and again, they are still the same pairs.
    for (let round = 0; round < 10; round += 1) for (const pair of pairs.slice(-500)) refresh.add(pair);
    asked[0]?.answer();
    await eventually(() => expect(asked).toHaveLength(READS_AT_ONCE + 1));
    for (let next = 1; pairs.some(({ unsettled }) => unsettled); next += 1) {
      await eventually(() => expect(asked.length).toBeGreaterThan(next));
      expect(asked.length - next).toBeLessThanOrEqual(READS_AT_ONCE);
      asked[next]?.answer();
    }
  });

  it.each([alice, stranger])('what waits is not gone through again with every read: of %s', async (owner) => {
    const { refresh, asked, looks } = start();
    const pairs = touched(200 * 500, owner);
    for (const pair of pairs) refresh.add(pair);
    for (let next = 0; pairs.some(({ unsettled }) => unsettled); next += 1) {
      await eventually(() => expect(asked.length).toBeGreaterThan(next));
      asked[next]?.answer();
    }
    // Once as it came, and once more as there was a read for it.
    expect(looks.pairs).toBeLessThanOrEqual(2 * pairs.length);
    expect(asked).toHaveLength(200);
  });

  it('what is removed while it waits is not read', async () => {
    const { refresh, asked } = start();
    const pairs = touched((READS_AT_ONCE + 1) * 500, alice);
    for (const pair of pairs) refresh.add(pair);
    await eventually(() => expect(asked).toHaveLength(READS_AT_ONCE));
    const removed = pairs.slice(-500, -1);
    for (const pair of removed) refresh.delete(pair);
    asked[0]?.answer();
    await eventually(() => expect(asked.at(-1)?.pairs).toEqual(pairs.slice(-1)));
  });

  it('a stranger’s tokens, whatever they take, hold up nobody else’s', async () => {
    const { refresh, asked } = start();
    for (const pair of touched((READS_AT_ONCE + 5) * 500, stranger)) refresh.add(pair);
    await eventually(() => expect(asked).toHaveLength(READS_AT_ONCE));
    const [pair] = touched(1, alice);
    if (pair) refresh.add(pair);
    await eventually(() => expect(asked.at(-1)?.pairs).toEqual([pair]));
  });
});
