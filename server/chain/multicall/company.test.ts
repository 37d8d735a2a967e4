import { describe, expect, it } from 'vitest';
import type { Address } from '../types.ts';
import { partsOf } from './bisection.ts';
import { balanceOf, type Call } from './codec.ts';
import { findHarmful, MOST_TESTS } from './company.ts';

function address(number: number): Address {
  return `0x${number.toString(16).padStart(40, '0')}`;
}
const tokens = (count: number) => Array.from({ length: count }, (_, index) => address(index + 1));
const callsTo = (targets: readonly Address[], owners = 1): Call[] =>
  targets.flatMap((target) =>
    Array.from({ length: owners }, (_, owner) => ({ target, data: balanceOf(address(owner + 1)) })),
  );

async function search(calls: readonly Call[], isHarmless: (calls: readonly Call[]) => boolean) {
  let tests = 0;
  const found = await findHarmful(calls, async (some) => {
    tests += 1;
    return isHarmless(some);
  });
  return { found, tests };
}

describe('the search for who harms others', () => {
  it.each([1, 250, 500])('finds number %i of 500 in twice nine tests', async (bad) => {
    const isBad = ({ target }: Call) => target === address(bad);
    const { found, tests } = await search(callsTo(tokens(500)), (calls) => !calls.some(isBad));
    expect(found).toEqual([address(bad)]);
    expect(tests).toBeLessThanOrEqual(18);
  });

  it('finds one that breaks at its hundredth call, for its calls stay together', async () => {
    const calls = [...callsTo([address(7)], 120), ...callsTo(tokens(6), 50)];
    const count = (some: readonly Call[]) => some.filter(({ target }) => target === address(7)).length;
    expect((await search(calls, (some) => count(some) < 100)).found).toEqual([address(7)]);
  });

  it('accuses nobody where only the number was too much', async () => {
    const { found, tests } = await search(callsTo(tokens(500)), (calls) => calls.length < 400);
    expect({ found, tests }).toEqual({ found: [], tests: 2 });
  });

  it('finds some of very many, and stops', async () => {
    const { found, tests } = await search(callsTo(tokens(500)), () => false);
    expect(found.length).toBeGreaterThan(10);
    expect(tests).toBe(MOST_TESTS);
  });
});

describe('the parts of a batch that misbehaved', () => {
  it.each([
    ['of one target', callsTo([address(1)], 10), [3, 3, 3, 1]],
    ['of many', callsTo(tokens(500)), [125, 125, 125, 125]],
    ['of two, which stay whole', callsTo(tokens(2), 3), [3, 3]],
    ['of two calls', callsTo(tokens(2)), [1, 1]],
  ])('%s', (_, calls, sizes) => {
    const parts = partsOf(calls, ({ target }) => target);
    expect(parts.map((part) => part.length)).toEqual(sizes);
    expect(parts.flat()).toEqual(calls);
  });
});
