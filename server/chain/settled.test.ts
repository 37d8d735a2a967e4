import { describe, expect, it } from 'vitest';
import { Lineage } from './lineage.ts';
import { type Settled, settledAfter, settledBy } from './settled.ts';
import type { BlockRef, Hash } from './types.ts';

/** A block of branch a, b, …: `a5` is the one of height 5 on branch a. */
function block(name: string): BlockRef {
  const digits = `${name[0]}${name.slice(1)}`;
  return { number: Number(name.slice(1)), hash: `0x${digits.padStart(64, '0')}` as Hash, timestamp: 0 };
}

function lineage(...names: string[]): Lineage {
  const ours = new Lineage();
  ours.advance(names.map((name) => ({ ...block(name), parentHash: '0x' })));
  return ours;
}

function settled(told: string | null, ahead: string | null = null): Settled {
  return { told: told === null ? null : block(told), ahead: ahead === null ? null : block(ahead) };
}

const CHAIN = lineage('a5', 'a6', 'a7', 'a8');

describe('what an endpoint says', () => {
  it.each<[what: string, known: Settled, said: string, then: Settled]>([
    ['is told where nothing was known', settled(null), 'a6', settled('a6')],
    ['is told where it is newer', settled('a6'), 'a7', settled('a7')],
    ['may be the head itself', settled('a6'), 'a8', settled('a8')],
    ['is not told where it is older: that endpoint lags', settled('a7'), 'a6', settled('a7')],
    ['changes nothing where it is known', settled('a7'), 'a7', settled('a7')],
    ['is not told where it is of another branch', settled('a6'), 'b7', settled('a6')],
    ['is taken where it is older than we remember', settled(null), 'b2', settled('b2')],
    ['waits where it is above our head', settled('a6'), 'a9', settled('a6', 'a9')],
    ['waits, the lowest first', settled('a6', 'a9'), 'a12', settled('a6', 'a9')],
    ['waits in the place of what is far off', settled('a6', 'a999'), 'a9', settled('a6', 'a9')],
    ['is told though another waits', settled('a6', 'a999'), 'a7', settled('a7', 'a999')],
  ])('%s', (_, known, said, then) => {
    expect(settledBy(known, block(said), CHAIN)).toEqual(then);
  });

  it('waits for a first head', () => {
    expect(settledBy(settled(null), block('a6'), new Lineage())).toEqual(settled(null, 'a6'));
  });
});

describe('once our chain has moved', () => {
  it.each<[what: string, known: Settled, forkedAbove: number | undefined, then: Settled]>([
    ['by a block: all stands', settled('a6'), undefined, settled('a6')],
    ['up to what waited: it is told', settled('a6', 'a8'), undefined, settled('a8')],
    ['past what waited: it is told', settled('a6', 'a7'), undefined, settled('a7')],
    ['past what waited, to another branch: it is not', settled('a6', 'b7'), undefined, settled('a6')],
    ['not as far as what waits', settled('a6', 'a9'), undefined, settled('a6', 'a9')],
    ['by a reorganisation above it', settled('a6'), 6, settled('a6')],
    ['by a reorganisation of it', settled('b6'), 5, settled(null)],
    ['by a reorganisation of it, to what waited', settled('b6', 'a8'), 5, settled('a8')],
    ['nobody knows how', settled('a6'), -1, settled(null)],
  ])('%s', (_, known, forkedAbove, then) => {
    expect(settledAfter(known, forkedAbove, CHAIN)).toEqual(then);
  });
});
