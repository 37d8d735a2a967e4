import { describe, expect, it } from 'vitest';
import {
  DEPOSIT,
  filtersFor,
  type Log,
  MOST_WALLETS_FILTERED,
  TRANSFER,
  toTopic,
  WALLETS_PER_FILTER,
  WITHDRAWAL,
} from './logs.ts';
import { touchesOf } from './touches.ts';
import type { Address, Hex } from './types.ts';

const token: Address = '0x00000000000000000000000000000000000000aa';
const from: Address = '0x00000000000000000000000000000000000000f1';
const to: Address = '0x00000000000000000000000000000000000000f2';
const transactionHash: Hex = `0x${'7'.repeat(64)}`;
const id: Hex = `0x${'0'.repeat(63)}9`;

function log(...topics: Hex[]): Log {
  return { address: token, topics, transactionHash };
}

describe('touches', () => {
  const cases: [what: string, log: Log, owners: Address[]][] = [
    ['a transfer touches sender and receiver', log(TRANSFER, toTopic(from), toTopic(to)), [from, to]],
    ['a transfer to oneself touches one wallet twice', log(TRANSFER, toTopic(to), toTopic(to)), [to, to]],
    ['a deposit touches its owner', log(DEPOSIT, toTopic(to)), [to]],
    ['a withdrawal touches its owner', log(WITHDRAWAL, toTopic(from)), [from]],
    [
      'an ERC-721 transfer, with its fourth topic, touches nobody',
      log(TRANSFER, toTopic(from), toTopic(to), id),
      [],
    ],
    ['a transfer without indexed parties touches nobody', log(TRANSFER), []],
    ['a topic that holds no address touches nobody', log(DEPOSIT, `0x${'f'.repeat(64)}`), []],
    ['any other event touches nobody', log(id, toTopic(from)), []],
    ['an anonymous event touches nobody', log(), []],
  ];
  it.each(cases)('%s', (_, entry, owners) => {
    expect(touchesOf([entry], 5)).toEqual(
      owners.map((owner) => ({ owner, token, transaction: transactionHash, height: 5 })),
    );
  });
});

describe('filters', () => {
  const wallets = (count: number) =>
    Array.from({ length: count }, (_, index): Address => `0x${index.toString(16).padStart(40, '0')}`);

  it('are none where nobody is watched', () => {
    expect(filtersFor([])).toEqual([]);
  });

  it('are two for up to 1,000 wallets, two more for each 1,000 on', () => {
    expect(filtersFor(wallets(1))).toHaveLength(2);
    expect(filtersFor(wallets(WALLETS_PER_FILTER))).toHaveLength(2);
    expect(filtersFor(wallets(WALLETS_PER_FILTER + 1))).toHaveLength(4);
  });

  it('name no wallets past the limit', () => {
    expect(filtersFor(wallets(MOST_WALLETS_FILTERED))).toHaveLength(6);
    expect(filtersFor(wallets(MOST_WALLETS_FILTERED + 1))).toEqual([[[TRANSFER, DEPOSIT, WITHDRAWAL]]]);
  });
});
