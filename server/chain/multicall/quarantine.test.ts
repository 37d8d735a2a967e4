import { describe, expect, it } from 'vitest';
import type { Address } from '../types.ts';
import { OWNERS_UNTIL_ISOLATED, Quarantine } from './quarantine.ts';
import type { Pair } from './reader.ts';

const MOST_MS = 60_000;
const REVERTED = 'balanceOf reverted';

function address(number: number): Address {
  return `0x${number.toString(16).padStart(40, '0')}`;
}
const token = address(0x70);
const pair: Pair = { owner: address(1), token };
const everybody = () => true;
/** The allowance of one of that wallet's spenders. */
const allowance = (owner: number, spender: number): Pair => ({
  owner: address(owner),
  token,
  spender: address(0x5000 + spender),
});

/** Books with a clock in the test's hands, and what they told. */
function keep() {
  const clock = { nowMs: 0 };
  const told: string[] = [];
  const books = new Quarantine({
    mostRetryMs: MOST_MS,
    now: () => clock.nowMs,
    observer: {
      quarantined: () => {},
      came: (_, reason) => told.push(`came: ${reason}`),
      released: () => told.push('released'),
      isolated: () => told.push('isolated'),
    },
  });
  /** Waits until the pair is due, and says how long that took, in seconds. */
  const untilDue = () => {
    const startedMs = clock.nowMs;
    while (!books.standing(pair)?.isDue) clock.nowMs += 500;
    return (clock.nowMs - startedMs) / 1000;
  };
  return { books, clock, told, untilDue };
}

describe('a pair in quarantine', () => {
  it('is answered with its reason, and tested again ever more rarely, never less than once an interval', () => {
    const { books, told, untilDue } = keep();
    expect(books.standing(pair)).toBeUndefined();
    const waits = Array.from({ length: 9 }, () => {
      books.failed(pair, REVERTED, false);
      return untilDue();
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(books.standing(pair)).toEqual({ reason: REVERTED, isDue: true, isCostly: false });
    expect(told).toEqual([`came: ${REVERTED}`]);
    expect(books.size).toBe(1);
  });

  it('is released when it reads well, and goes on where it was when it relapses', () => {
    const { books, clock, told, untilDue } = keep();
    for (let failure = 1; failure <= 4; failure += 1) {
      books.failed(pair, REVERTED, false);
      untilDue();
    }
    books.wellRead(pair);
    expect(books.standing(pair)).toBeUndefined();
    expect(books.size).toBe(0);
    clock.nowMs += 1000;
    books.failed(pair, REVERTED, false);
    expect(untilDue()).toBe(16);
    expect(told).toEqual([`came: ${REVERTED}`, 'released', `came: ${REVERTED}`]);
    // After a long while in good health it starts over.
    books.wellRead(pair);
    clock.nowMs += 2 * MOST_MS + 1;
    books.failed(pair, REVERTED, false);
    expect(untilDue()).toBe(1);
  });

  it('that is being tested is answered from the books, and is due soon where the test came to nothing', () => {
    const { books, untilDue } = keep();
    for (let failure = 1; failure <= 4; failure += 1) {
      books.failed(pair, REVERTED, false);
      untilDue();
    }
    books.testing(pair);
    expect(books.standing(pair)?.isDue).toBe(false);
    expect(books.due(everybody)).toEqual([]);
    books.undecided(pair);
    expect(untilDue()).toBe(1);
    expect(books.due(everybody)).toEqual([pair]);
  });

  it('that an event tells of is tested at once, and in vain less and less soon', () => {
    const { books, untilDue } = keep();
    for (let failure = 1; failure <= 6; failure += 1) {
      books.failed(pair, REVERTED, false);
      untilDue();
    }
    const waits = Array.from({ length: 4 }, () => {
      books.failed(pair, REVERTED, false);
      books.hurry(pair);
      return untilDue();
    });
    expect(waits).toEqual([0, 1, 3, 7]);
  });

  it('that costs others is not hurried by its own events', () => {
    const { books, untilDue } = keep();
    books.failed(pair, 'burnt', true);
    books.hurry(pair);
    expect(untilDue()).toBe(1);
  });

  it('is named as due only where somebody watches it, the longest waiting first', () => {
    const { books, clock } = keep();
    const pairs = [1, 2, 3].map((owner) => ({ owner: address(owner), token: address(0x70 + owner) }));
    for (const [index, each] of [...pairs].reverse().entries()) {
      clock.nowMs = index * 10;
      books.failed(each, REVERTED, false);
    }
    clock.nowMs = 5000;
    expect(books.due(everybody)).toEqual([...pairs].reverse());
    expect(books.due(({ owner }) => owner === address(2))).toEqual([pairs[1]]);
  });

  it('is forgotten once nobody has asked for it for long', () => {
    const { books, clock } = keep();
    books.failed(pair, REVERTED, false);
    clock.nowMs = 2 * MOST_MS;
    books.due(everybody);
    expect(books.size).toBe(1);
    clock.nowMs = 2 * MOST_MS + 1;
    books.due(everybody);
    expect(books.size).toBe(0);
  });

  it('past 50,000 of them the oldest makes room', () => {
    const { books } = keep();
    for (let owner = 1; owner <= 50_000; owner += 1)
      books.failed({ owner: address(owner), token }, REVERTED, false);
    expect(books.standing(pair)).toBeDefined();
    books.failed({ owner: address(50_001), token }, REVERTED, false);
    expect(books.size).toBe(50_000);
    expect(books.standing(pair)).toBeUndefined();
  });
});

describe('an allowance', () => {
  it('that fails leaves the balance in the clear, and any other allowance; and the other way round', () => {
    const { books } = keep();
    books.failed(allowance(1, 1), 'allowance reverted', false);
    expect(books.standing(allowance(1, 1))?.reason).toBe('allowance reverted');
    expect([pair, allowance(1, 2), allowance(2, 1)].map((each) => books.standing(each))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    books.failed(pair, REVERTED, false);
    expect(books.size).toBe(2);
    books.wellRead(allowance(1, 1));
    expect(books.standing(pair)?.reason).toBe(REVERTED);
    expect(books.standing(allowance(1, 1))).toBeUndefined();
  });

  it('is tested, hurried and named as due by itself', () => {
    const { books, clock } = keep();
    books.failed(pair, REVERTED, false);
    books.failed(allowance(1, 1), REVERTED, false);
    clock.nowMs = 1000;
    books.testing(pair);
    expect(books.due(everybody)).toEqual([allowance(1, 1)]);
    books.testing(allowance(1, 1));
    books.hurry(pair);
    expect(books.due(everybody)).toEqual([pair]);
  });

  it('is vouched for by allowances alone: that balances read well proves nothing', () => {
    const { books } = keep();
    books.wellRead(pair);
    expect(books.isProven(pair)).toBe(true);
    expect(books.isProven(allowance(1, 1))).toBe(false);
    books.wellRead(allowance(1, 1));
    expect(books.isProven(allowance(2, 2))).toBe(true);
    books.failed(allowance(3, 3), 'burnt', true);
    expect(books.isProven(allowance(2, 2))).toBe(false);
    expect(books.isProven(pair)).toBe(true);
  });

  it('of ten spenders counts for one wallet where a token costs others', () => {
    const { books } = keep();
    for (let owner = 1; owner < OWNERS_UNTIL_ISOLATED; owner += 1)
      for (let spender = 1; spender <= 10; spender += 1)
        books.failed(allowance(owner, spender), 'burnt', true);
    books.failed(pair, 'burnt', true);
    expect(books.isIsolated(token)).toBe(false);
    books.failed(allowance(OWNERS_UNTIL_ISOLATED, 1), 'burnt', true);
    expect(books.isIsolated(token)).toBe(true);
  });
});

describe('a token', () => {
  it('is proven by one good reading, until it fails at the cost of others', () => {
    const { books } = keep();
    expect(books.isProven(pair)).toBe(false);
    books.wellRead(pair);
    expect(books.isProven(pair)).toBe(true);
    books.failed(pair, REVERTED, false);
    expect(books.isProven(pair)).toBe(true);
    books.failed(pair, 'burnt', true);
    expect(books.isProven(pair)).toBe(false);
  });

  it.each([
    ['costs others', true, OWNERS_UNTIL_ISOLATED, true],
    ['costs others', true, OWNERS_UNTIL_ISOLATED - 1, false],
    ['costs nothing', false, 100, false],
  ])('that %s (%s) for %i wallets is isolated: %s', (_, isCostly, owners, expected) => {
    const { books } = keep();
    for (let owner = 1; owner <= owners; owner += 1)
      books.failed({ owner: address(owner), token }, 'bad', isCostly);
    expect(books.isIsolated(token)).toBe(expected);
  });

  it('that has cost others and reads well again is isolated at first', () => {
    const { books } = keep();
    books.failed(pair, 'burnt', true);
    books.wellRead(pair);
    expect(books.isIsolated(token)).toBe(true);
  });

  it('is isolated for a while, longer every time', () => {
    const { books, clock } = keep();
    const forSeconds = Array.from({ length: 10 }, () => {
      books.isolate(token);
      const startedMs = clock.nowMs;
      while (books.isIsolated(token)) clock.nowMs += 1000;
      return (clock.nowMs - startedMs) / 1000;
    });
    expect(forSeconds).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
  });
});
