import { describe, expect, it } from 'vitest';
import { crossedBy, holding, type Threshold } from './conditions.ts';

const below = (amount: bigint): Threshold => ({ kind: 'BELOW', amount });
const above = (amount: bigint): Threshold => ({ kind: 'ABOVE', amount });
const changeOver = (amount: bigint): Threshold => ({ kind: 'CHANGE_OVER', amount });

describe('a move crosses', () => {
  it.each<[string, Threshold[], { before?: bigint; sent?: bigint }, bigint, string[]]>([
    ['below, falling under it', [below(5n)], { before: 5n }, 4n, ['BELOW']],
    ['nothing, falling onto it', [below(5n)], { before: 6n }, 5n, []],
    ['nothing, being under it already', [below(5n)], { before: 4n }, 3n, []],
    ['nothing, coming back', [below(5n)], { before: 4n }, 9n, []],
    ['above, rising over it', [above(5n)], { before: 5n }, 6n, ['ABOVE']],
    ['nothing, rising onto it', [above(5n)], { before: 4n }, 5n, []],
    ['nothing, being over it already', [above(5n)], { before: 6n }, 7n, []],
    ['change over, up', [changeOver(5n)], { before: 10n, sent: 10n }, 16n, ['CHANGE_OVER']],
    ['change over, down', [changeOver(5n)], { before: 10n, sent: 10n }, 4n, ['CHANGE_OVER']],
    ['nothing, by just as much', [changeOver(5n)], { before: 10n, sent: 10n }, 15n, []],
    [
      'change over, in small steps since it was sent',
      [changeOver(5n)],
      { before: 14n, sent: 10n },
      16n,
      ['CHANGE_OVER'],
    ],
    ['nothing, by much and back before it was sent', [changeOver(5n)], { before: 99n, sent: 10n }, 12n, []],
    ['any change, over nothing', [changeOver(0n)], { before: 10n, sent: 10n }, 11n, ['CHANGE_OVER']],
    ['both ways out of a band', [below(5n), above(9n)], { before: 10n }, 3n, ['BELOW']],
    ['several at once', [below(5n), changeOver(3n)], { before: 9n, sent: 9n }, 1n, ['BELOW', 'CHANGE_OVER']],
    ['each kind once', [below(5n), below(4n)], { before: 9n }, 1n, ['BELOW']],
    [
      'what holds, of a token that could not be read before',
      [below(5n), above(9n), changeOver(0n)],
      {},
      3n,
      ['BELOW'],
    ],
    ['nothing without conditions', [], { before: 1n, sent: 1n }, 1000n, []],
  ])('%s', (_, thresholds, { before, sent }, now, crossed) => {
    expect(crossedBy(thresholds, { before, sent }, now)).toEqual(crossed);
  });
});

it('of an amount by itself holds what is below or above, never a change', () => {
  const all = [below(5n), above(9n), changeOver(0n)];
  expect(holding(all, 4n)).toEqual(['BELOW']);
  expect(holding(all, 5n)).toEqual([]);
  expect(holding(all, 9n)).toEqual([]);
  expect(holding(all, 10n)).toEqual(['ABOVE']);
});
