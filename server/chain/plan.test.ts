import { describe, expect, it } from 'vitest';
import { Lineage, REMEMBERED_BLOCKS } from './lineage.ts';
import { isCheaperToReadAll, type Plan, plan, SCANNED_ALWAYS } from './plan.ts';
import type { Hash, Header } from './types.ts';

/** A block of a fork, named by height: `a7` is height 7 on fork a, the child of a6 unless told otherwise. */
function block(name: string, parent = `${name[0]}${Number(name.slice(1)) - 1}`): Header {
  const number = Number(name.slice(1));
  return { number, hash: hashOf(name), parentHash: hashOf(parent), timestamp: number * 12 };
}

function hashOf(name: string): Hash {
  return `0x${Buffer.from(name).toString('hex').padStart(64, '0')}`;
}

function chain(...names: string[]): Lineage {
  const lineage = new Lineage();
  names.forEach((name, index) => {
    if (index === 0) lineage.restart(block(name));
    else lineage.advance([block(name)]);
  });
  return lineage;
}

describe('plan', () => {
  const cases: [what: string, ours: string[], head: Header, plan: Plan][] = [
    ['the first head there ever was', [], block('a7'), 'first'],
    ['our tip again', ['a5', 'a6'], block('a6'), 'duplicate'],
    ['a block we have passed, from an endpoint that lags', ['a4', 'a5', 'a6'], block('a5'), 'duplicate'],
    ['the child of our tip', ['a5', 'a6'], block('a7'), 'next'],
    ['two ahead', ['a5', 'a6'], block('a8'), 'gap'],
    ['far ahead', ['a5', 'a6'], block('a900'), 'gap'],
    ['another block at our height', ['a5', 'a6'], block('b6', 'a5'), 'reorg'],
    ['the next height on another parent', ['a5', 'a6'], block('b7'), 'reorg'],
    ['a lower height on another fork', ['a4', 'a5', 'a6'], block('b5', 'a4'), 'reorg'],
    ['another block lower than anything we know', ['a5', 'a6'], block('b2'), 'reorg'],
  ];
  it.each(cases)('%s', (_, ours, head, expected) => {
    expect(plan(chain(...ours), head)).toBe(expected);
  });
});

describe('plan, where our tip is proven to be gone', () => {
  it('goes back to what is left, and to nothing that is told twice', () => {
    expect(plan(chain('a4', 'a5', 'a6'), block('a5'), true)).toBe('rollback');
    expect(plan(chain('a4', 'a5', 'a6'), block('a6'), true)).toBe('duplicate');
    expect(plan(chain('a4', 'a5', 'a6'), block('b5', 'a4'), true)).toBe('reorg');
  });
});

describe('a gap', () => {
  const cases: [what: string, missed: number, requestsPerBlock: number, readsForAll: number, all: boolean][] =
    [
      ['so short that it is always scanned', SCANNED_ALWAYS, 3, 1, false],
      ['one longer, and little to read', SCANNED_ALWAYS + 1, 3, 1, true],
      ['as dear as reading everything', 100, 3, 300, false],
      ['one block dearer than that', 101, 3, 300, true],
      ['of any length, with nobody to read for', 17, 1, 0, true],
    ];
  it.each(cases)('%s', (_, missed, requestsPerBlock, readsForAll, all) => {
    expect(isCheaperToReadAll(missed, { requestsPerBlock, readsForAll })).toBe(all);
  });
});

describe('the lineage', () => {
  it('puts a fork in the place of what it replaces, lower tips included', () => {
    const lineage = chain('a4', 'a5', 'a6', 'a7');
    lineage.advance([block('b5', 'a4'), block('b6')]);
    expect(lineage.tip?.hash).toBe(hashOf('b6'));
    expect(['a4', 'b5', 'b6'].every((name) => lineage.isCanonical(block(name)))).toBe(true);
    expect(['a5', 'a6', 'a7'].some((name) => lineage.isCanonical(block(name)))).toBe(false);
    expect(lineage.at(7)).toBeUndefined();
    expect(lineage.floor).toBe(4);
  });

  it('remembers so many blocks and no more; what is older counts as settled', () => {
    const lineage = chain('a1');
    for (let number = 2; number <= REMEMBERED_BLOCKS + 10; number += 1)
      lineage.advance([block(`a${number}`)]);
    expect(lineage.floor).toBe(11);
    expect(lineage.at(10)).toBeUndefined();
    expect(lineage.at(11)).toBeDefined();
    expect(lineage.isCanonical(block('x5'))).toBe(true);
    expect(lineage.isCanonical(block('x11'))).toBe(false);
    expect(lineage.isCanonical(block(`a${REMEMBERED_BLOCKS + 11}`))).toBe(false);
  });
});
