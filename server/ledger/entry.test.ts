import { describe, expect, it } from 'vitest';
import { Lineage, REMEMBERED_BLOCKS } from '../chain/lineage.ts';
import type { BlockRef, Hash, Header } from '../chain/types.ts';
import { type Arrival, type Entry, type Merge, merge } from './entry.ts';

const owner = '0x00000000000000000000000000000000000000f1';
const token = '0x00000000000000000000000000000000000000aa';
const transaction: Hash = `0x${'7'.repeat(64)}`;

/** `a7`: height 7 on fork a. Our chain is fork a. */
function at(name: string): BlockRef {
  const number = Number(name.slice(1));
  return { number, hash: `0x${Buffer.from(name).toString('hex').padStart(64, '0')}`, timestamp: number };
}
const has = (number: number, hash: Hash) => hash === at(`a${number}`).hash;
const ours = { has, isCanonical: ({ number, hash }: BlockRef) => has(number, hash) };

function entry(amount: bigint | null, readAt: string, firstSeen = readAt): Entry {
  return {
    balance: {
      owner,
      token,
      amount,
      reason: amount === null ? 'reverted' : null,
      previousAmount: null,
      transactions: [],
      block: at(firstSeen),
    },
    readAt: at(readAt),
    cause: 'SUBSCRIBED',
  };
}

function arrival(reading: bigint | string, pin: string, cause: Arrival['cause'] = 'EVENT'): Arrival {
  return {
    owner,
    token,
    reading: typeof reading === 'bigint' ? { amount: reading } : { unreadable: reading },
    pin: at(pin),
    cause,
    transactions: [transaction],
  };
}

describe('a reading', () => {
  const cases: [what: string, known: Entry | undefined, arriving: Arrival, outcome: Merge['outcome']][] = [
    ['that is the first', undefined, arrival(5n, 'a7'), 'changed'],
    ['of a newer block', entry(4n, 'a6'), arrival(5n, 'a7'), 'changed'],
    ['of the same block, which a node may correct', entry(4n, 'a7'), arrival(5n, 'a7'), 'changed'],
    ['of an older block, that arrives late', entry(4n, 'a8'), arrival(5n, 'a7'), 'stale'],
    ['of a block that was replaced', entry(4n, 'a6'), arrival(5n, 'b7'), 'orphaned'],
    ['of a replaced block, though it is the first', undefined, arrival(5n, 'b7'), 'orphaned'],
    ['lower than one of a block that was replaced since', entry(4n, 'b9'), arrival(5n, 'a7'), 'changed'],
    ['that says the same at a newer block', entry(5n, 'a6'), arrival(5n, 'a7'), 'confirmed'],
    ['that says the same on another branch', entry(5n, 'b6', 'a5'), arrival(5n, 'a7', 'REORG'), 'confirmed'],
    ['that fails where one succeeded', entry(5n, 'a6'), arrival('reverted', 'a7'), 'changed'],
    ['that succeeds where one failed', entry(null, 'a6'), arrival(0n, 'a7'), 'changed'],
    ['that fails in the same way again', entry(null, 'a6'), arrival('reverted', 'a7'), 'confirmed'],
    ['that fails in another way', entry(null, 'a6'), arrival('empty', 'a7'), 'changed'],
  ];
  it.each(cases)('%s', (_, known, arriving, outcome) => {
    expect(merge(known, arriving, ours).outcome).toBe(outcome);
  });

  it('that changes a value says what it was, where it is from, and what moved it', () => {
    expect(merge(entry(4n, 'a6'), arrival(5n, 'a7'), ours)).toMatchObject({
      entry: {
        balance: { amount: 5n, previousAmount: 4n, transactions: [transaction], block: at('a7') },
        readAt: at('a7'),
        cause: 'EVENT',
      },
    });
    expect(merge(undefined, arrival(5n, 'a7'), ours)).toMatchObject({ entry: { cause: 'SUBSCRIBED' } });
  });

  it('that confirms a value keeps where it was first seen, while that block exists', () => {
    expect(merge(entry(5n, 'a6', 'a2'), arrival(5n, 'a7'), ours)).toMatchObject({
      entry: { balance: { block: at('a2') }, readAt: at('a7') },
    });
    const quiet = { ...arrival(5n, 'a7', 'REORG'), transactions: [] };
    expect(merge(entry(5n, 'b6', 'b5'), quiet, ours)).toMatchObject({
      outcome: 'confirmed',
      entry: { balance: { block: at('a7') }, cause: 'SUBSCRIBED' },
    });
  });

  it('of the same value, after what had moved it was replaced, says what moved it on our branch', () => {
    const known = entry(5n, 'b6', 'b5');
    const lost: Hash = `0x${'8'.repeat(64)}`;
    const before: Entry = { ...known, balance: { ...known.balance, transactions: [lost] }, cause: 'EVENT' };
    for (const transactions of [[transaction], []])
      expect(merge(before, { ...arrival(5n, 'a7', 'REORG'), transactions }, ours)).toMatchObject({
        outcome: 'changed',
        entry: {
          balance: { amount: 5n, previousAmount: 5n, transactions, block: at('a7') },
          cause: 'REORG',
        },
      });
  });

  it('of the same value, after a leap over blocks that stand, keeps what moved it', () => {
    const known = entry(5n, 'a6', 'a5');
    const before = { ...known, balance: { ...known.balance, transactions: [transaction] } };
    const forgetful = { has, isCanonical: ({ number }: BlockRef) => number === 7 };
    const again = { ...arrival(5n, 'a7', 'RECONCILED'), transactions: [] };
    expect(merge(before, again, forgetful)).toMatchObject({
      outcome: 'confirmed',
      entry: { balance: { transactions: [transaction], block: at('a5') } },
    });
  });

  it('from long ago, that arrives after a leap, does not undo what was read since', () => {
    const lineage = new Lineage();
    const header = (number: number): Header => ({
      ...at(`a${number}`),
      parentHash: at(`a${number - 1}`).hash,
    });
    for (let number = 1000; number <= 1050; number++) lineage.advance([header(number)]);
    const { entry: known } = merge(undefined, arrival(222n, 'a1050'), lineage) as { entry: Entry };
    lineage.restart(header(1050 + REMEMBERED_BLOCKS - 5));
    // Neither is remembered; the one from before is old enough to count as settled, the other is not.
    expect(merge(known, arrival(221n, 'a1040'), lineage).outcome).toBe('orphaned');
  });
});
