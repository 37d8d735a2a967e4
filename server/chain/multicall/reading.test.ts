import { describe, expect, it } from 'vitest';
import type { Hex } from '../types.ts';
import type { CallResult } from './codec.ts';
import { isCostly, MOST_RETURNED_BYTES, readingOf } from './reading.ts';

const bytes = (count: number): Hex => `0x${'01'.repeat(count)}`;
const WORD = BigInt(bytes(32));

describe('what a balanceOf came to', () => {
  const cases: [what: string, result: CallResult, reading: bigint | RegExp, costly: boolean][] = [
    ['a word', { success: true, data: bytes(32) }, WORD, false],
    ['two words', { success: true, data: bytes(64) }, WORD, false],
    ['the most that is read', { success: true, data: bytes(MOST_RETURNED_BYTES) }, WORD, false],
    [
      'a byte more',
      { success: true, data: bytes(MOST_RETURNED_BYTES + 1) },
      /1025 bytes instead of 32/,
      true,
    ],
    ['nothing', { success: true, data: '0x' }, /no contract/, false],
    ['31 bytes', { success: true, data: bytes(31) }, /31 bytes instead of 32/, false],
    ['a revert', { success: false, data: bytes(100) }, /^balanceOf reverted$/, false],
    ['a revert with a bomb', { success: false, data: bytes(2000) }, /reverted with 2000 bytes/, true],
    ['all gas gone', { success: false, data: '0x', fault: 'burnt' }, /uses up all the gas/, true],
    ['all gas gone, but answered', { success: true, data: bytes(32), fault: 'burnt' }, WORD, true],
    ['no answer at all', { success: false, data: '0x', fault: 'refused' }, /refuses/, true],
  ];
  it.each(cases)('%s', (_, result, expected, costly) => {
    const reading = readingOf(result, 'balanceOf');
    if (typeof expected === 'bigint') expect(reading).toEqual({ amount: expected });
    else expect('unreadable' in reading ? reading.unreadable : '').toMatch(expected);
    expect(isCostly(result)).toBe(costly);
  });

  it.each(cases)('%s, of an allowance: the same, in its name', (_, result) => {
    const ofBalance = readingOf(result, 'balanceOf');
    const expected =
      'amount' in ofBalance
        ? ofBalance
        : { unreadable: ofBalance.unreadable.replace('balanceOf', 'allowance') };
    expect(readingOf(result, 'allowance')).toEqual(expected);
  });
});
