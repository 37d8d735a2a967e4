import { describe, expect, it } from 'vitest';
import { type Address, NATIVE } from '../chain/types.ts';
import type { Entry } from './entry.ts';
import { newPair, type WatchedPair } from './pair.ts';
import { kindOfTurn, Turns } from './turns.ts';

const block = { number: 7, hash: `0x${'7'.repeat(64)}`, timestamp: 1_700_000_000 } as const;

function ownerOf(index: number): Address {
  return `0x${index.toString(16).padStart(40, '0')}`;
}

function entryOf({ owner, token }: WatchedPair, amount: bigint | null): Entry {
  const reason = amount === null ? 'balanceOf reverted' : null;
  const balance = { owner, token, amount, reason, previousAmount: null, transactions: [], block };
  return { balance, readAt: block, cause: 'RECONCILED' };
}

/** Turns, and the pairs that take them. What the ledger does with them, without a chain. */
class Story {
  readonly turns = new Turns();
  readonly pairs = new Set<WatchedPair>();
  #count = 0;

  /** Pairs that were read for the first time. */
  add(...amounts: (bigint | null)[]): WatchedPair[] {
    return amounts.map((amount) => {
      this.#count += 1;
      const pair = newPair(ownerOf(this.#count), NATIVE);
      this.turns.add(pair);
      this.pairs.add(pair);
      this.reads([pair], amount);
      return pair;
    });
  }

  reads(pairs: readonly WatchedPair[], amount?: bigint | null): void {
    for (const pair of pairs) {
      const known = pair.entry?.balance.amount ?? null;
      pair.entry = entryOf(pair, amount === undefined ? known : amount);
      this.turns.confirmed(pair);
    }
  }

  remove(pair: WatchedPair): void {
    this.turns.remove(pair);
    this.pairs.delete(pair);
  }

  /** Everything taken in one interval of that budget, in its order; `read` is what becomes of each read. */
  interval(budget: number, read = (pairs: readonly WatchedPair[]) => this.reads(pairs)): WatchedPair[] {
    this.turns.begin();
    const taken: WatchedPair[] = [];
    while (taken.length < budget) {
      const pairs = this.turns.take(Math.min(5, budget - taken.length));
      if (pairs.length === 0) break;
      taken.push(...pairs);
      read(pairs);
      this.turns.over(pairs);
    }
    return taken;
  }
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

describe('a turn', () => {
  it.each([
    ['the first belongs to a non-zero balance', 0, { held: 1, zero: 1 }, 'held'],
    ['so does the third', 2, { held: 1, zero: 1 }, 'held'],
    ['the fourth belongs to a zero one', 3, { held: 1, zero: 1 }, 'zero'],
    ['and the eighth', 7, { held: 9, zero: 1 }, 'zero'],
    ['what no zero one needs is not lost', 3, { held: 1, zero: 0 }, 'held'],
    ['nor what no other needs', 0, { held: 0, zero: 1 }, 'zero'],
    ['nobody waits', 0, { held: 0, zero: 0 }, undefined],
  ] as const)('%s', (_, count, due, kind) => {
    expect(kindOfTurn(count, due)).toBe(kind);
  });
});

describe('up to the budget', () => {
  it('every pair has its turn in each interval, once', () => {
    const story = new Story();
    const pairs = story.add(...times(6, 1n), ...times(6, 0n), ...times(4, null));
    for (let interval = 0; interval < 5; interval += 1) {
      const taken = story.interval(16);
      expect(taken).toHaveLength(16);
      expect(new Set(taken)).toEqual(new Set(pairs));
      expect(story.turns.due).toBe(0);
    }
  });

  it('who came in an interval is due from the next one on, who left is not due', () => {
    const story = new Story();
    const [first] = story.add(1n, 1n);
    story.turns.begin();
    story.add(1n);
    expect(story.turns.due).toBe(2);
    if (first) story.remove(first);
    expect(story.turns.due).toBe(1);
    expect(story.turns.take(10)).toHaveLength(1);
    expect(story.interval(10)).toHaveLength(2);
  });

  it('who was confirmed in the interval by another reading needs no turn in it', () => {
    const story = new Story();
    const [one, other] = story.add(1n, 0n);
    if (!one || !other) throw new Error('two pairs');
    story.turns.begin();
    story.reads([one]);
    expect(story.turns.take(10)).toEqual([other]);
    expect(story.interval(10)).toHaveLength(2);
  });

  it('what the refresh is to read anyhow is passed over, however much it is', () => {
    const story = new Story();
    const pairs = story.add(...times(12_000, 1n));
    const last = pairs.at(-1);
    for (const pair of pairs)
      if (pair !== last) pair.unsettled = { cause: 'EVENT', from: 1, through: 1, by: [] };
    story.turns.begin();
    const taken: WatchedPair[] = [];
    let looks = 0;
    for (; story.turns.due > 0; looks += 1) taken.push(...story.turns.take(500));
    expect(taken).toEqual([last]);
    // Not all in one go.
    expect(looks).toBe(3);
  });
});

describe('past the budget', () => {
  it('three of four turns go to non-zero balances, one to the others', () => {
    const story = new Story();
    story.add(...times(100, 1n), ...times(50, 0n), ...times(50, null));
    const taken = story.interval(40);
    expect(taken.filter(({ entry }) => entry?.balance.amount)).toHaveLength(30);
  });

  it('non-zero balances that fit have their turn in each interval; unreadable ones wait with the zero ones', () => {
    const story = new Story();
    const held = story.add(...times(10, 1n));
    const others = story.add(...times(50, 0n), ...times(50, null));
    const seen = new Set<WatchedPair>();
    for (let interval = 0; interval < 4; interval += 1) {
      const taken = new Set(story.interval(40));
      expect(held.every((pair) => taken.has(pair))).toBe(true);
      for (const pair of taken) seen.add(pair);
    }
    // 30 of them an interval: 100 take four.
    expect(others.every((pair) => seen.has(pair))).toBe(true);
  });

  it.each([1, 2, 3])('a budget of %i leaves nobody out', (budget) => {
    const story = new Story();
    const pairs = story.add(...times(6, 1n), ...times(6, 0n));
    const seen = new Set<WatchedPair>();
    for (let interval = 0; interval < Math.ceil((4 * 6) / budget); interval += 1)
      for (const pair of story.interval(budget)) seen.add(pair);
    expect(seen).toEqual(new Set(pairs));
  });
});

/** As it is stated where the turns are described: in intervals, from one confirmation to the next reading. */
function longestWait(isHeld: boolean, held: number, zero: number, budget: number): number {
  const [own, other, share] = isHeld ? [held, zero, 3 / 4] : [zero, held, 1 / 4];
  return 1 + Math.ceil(own / Math.max(share * budget, budget - other));
}

/** Numbers that look like chance and are the same each time. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('no pair waits longer than is stated', () => {
  it.each([
    [100, 300, 1000],
    [100, 300, 120],
    [100, 300, 40],
    [300, 20, 40],
    [300, 1, 13],
    [1, 300, 13],
    [30, 30, 1],
    [200, 200, 7],
  ])('%i non-zero and %i others, a budget of %i, while wallets come, go and change', (held, zero, budget) => {
    const story = new Story();
    const chance = chances(held * zero + budget);
    story.add(...times(held, 1n), ...times(zero, 0n));
    /** The interval in which each was last confirmed, and the most of either kind since. */
    const waits = new Map<WatchedPair, { since: number; held: number; zero: number }>();
    let now = 0;
    const confirm = (pairs: readonly WatchedPair[], amount?: bigint | null) => {
      story.reads(pairs, amount);
      for (const pair of pairs) waits.set(pair, { since: now, held: 0, zero: 0 });
    };
    confirm([...story.pairs]);
    const overdue = () => {
      const counts = { held: 0, zero: 0 };
      for (const { entry } of story.pairs) counts[entry?.balance.amount ? 'held' : 'zero'] += 1;
      return [...story.pairs].filter((pair) => {
        const wait = waits.get(pair);
        if (!wait) throw new Error('every pair was read once');
        wait.held = Math.max(wait.held, counts.held);
        wait.zero = Math.max(wait.zero, counts.zero);
        const isHeld = Boolean(pair.entry?.balance.amount);
        // Confirmed at the beginning of one interval and taken at the end of the next, at best, is two.
        return now - wait.since + 2 > longestWait(isHeld, wait.held, wait.zero, budget);
      });
    };
    const intervals = 6 * Math.ceil((held + zero) / Math.min(budget, held + zero));
    while (now < intervals) {
      now += 1;
      const taken = story.interval(budget, (pairs) => {
        // Most balances are what they were, some are gone or come.
        for (const pair of pairs) confirm([pair], chance() < 0.05 ? BigInt(chance() < 0.5) : undefined);
        // Meanwhile an event moves one, and a wallet goes as another comes.
        const all = [...story.pairs];
        const touched = all[Math.floor(chance() * all.length)];
        if (touched && chance() < 0.5) confirm([touched], BigInt(chance() < 0.5));
        const gone = all[Math.floor(chance() * all.length)];
        if (gone && chance() < 0.5) {
          story.remove(gone);
          confirm(story.add(BigInt(chance() < 0.5)));
        }
      });
      expect(taken.length).toBeLessThanOrEqual(budget);
      expect(overdue()).toEqual([]);
    }
  });
});

describe('a pair whose reading failed', () => {
  it('comes first, once; then it waits for its next turn', () => {
    const story = new Story();
    const pairs = story.add(...times(10, 1n));
    const fails = () => {};
    const [a, b, c, d, e, f] = pairs;
    expect(story.interval(2, fails)).toEqual([a, b]);
    expect(story.interval(2, fails)).toEqual([a, b]);
    expect(story.interval(2, fails)).toEqual([c, d]);
    expect(story.interval(2)).toEqual([c, d]);
    expect(story.interval(2)).toEqual([e, f]);
  });

  it('comes again in the same interval while there is budget', () => {
    const story = new Story();
    const [a, b] = story.add(1n, 1n);
    expect(story.interval(10, () => {})).toEqual([a, b, a, b]);
    expect(story.interval(3, () => {})).toEqual([a, b, a]);
  });

  it('is not read again where another reading confirmed it meanwhile, or where it is gone', () => {
    const story = new Story();
    const [one, other] = story.add(1n, 1n);
    if (!one || !other) throw new Error('two pairs');
    story.turns.begin();
    const taken = story.turns.take(2);
    story.reads([one]);
    story.remove(other);
    story.turns.over(taken);
    expect(story.turns.due).toBe(0);
  });

  it('keeps the others waiting for no more than as long again', () => {
    const story = new Story();
    const broken = new Set(story.add(...times(20, 1n)));
    const well = story.add(...times(20, 1n));
    const seen = new Set<WatchedPair>();
    // 40 non-zero ones at 10 an interval take four intervals; eight where half of them fail twice.
    for (let interval = 0; interval < 8; interval += 1)
      story.interval(10, (pairs) => {
        const readable = pairs.filter((pair) => !broken.has(pair));
        for (const pair of readable) seen.add(pair);
        story.reads(readable);
      });
    expect(seen).toEqual(new Set(well));
  });
});
