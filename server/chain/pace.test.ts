import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

/** What is known of a chain after its blocks came so many milliseconds apart. */
function after(
  intervalsMs: readonly number[],
  { blockTimeMs = 12_000, rateLimit = undefined as number | undefined } = {},
) {
  const pace = new Pace({ blockTimeMs, rateLimit });
  for (const ms of intervalsMs) pace.heard(1, ms);
  return pace;
}

const steady = (ms: number) => Array.from({ length: 20 }, () => ms);

describe('the pace of a chain', () => {
  it.each([
    ['before any block', [], 2000],
    ['four blocks a second', steady(250), 2000],
    ['a block a second', steady(1000), 3000],
    ['a block in 12 s', steady(12_000), 15_000],
    ['a block a second, and then a pause', [...steady(1000), 600_000], 3750],
  ])('of %s lets a source be silent for so long', (_, intervals, stallMs) => {
    expect(after(intervals).stallMs).toBeCloseTo(stallMs);
  });

  it.each([
    ['before any block', [], {}, 2000],
    ['four blocks a second', steady(250), {}, 200],
    ['a block in 2 s', steady(2000), {}, 500],
    ['a block in 2 s under a limit of 4 a second', steady(2000), { rateLimit: 4 }, 1000],
    ['a block in 2 s under a limit of 1 a second', steady(2000), { rateLimit: 1 }, 4000],
    ['a block in 2 s under a limit of 100 a second', steady(2000), { rateLimit: 100 }, 500],
  ])('of %s is polled so often', (_, intervals, options, pollMs) => {
    expect(after(intervals, options).pollMs).toBeCloseTo(pollMs);
  });

  it.each([
    ['a block in 12 s', steady(12_000), 1],
    ['four blocks a second', steady(250), 8],
    ['nonsense', steady(0), 200],
  ])('of %s forgives so many blocks', (_, intervals, tolerance) => {
    expect(after(intervals).tolerance).toBe(tolerance);
  });

  it('counts the blocks that went by unheard', () => {
    const pace = after([]);
    for (let round = 0; round < 20; round += 1) pace.heard(10, 10_000);
    expect(pace.stallMs).toBeCloseTo(3000);
  });
});
