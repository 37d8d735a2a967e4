import { describe, expect, it } from 'vitest';
import {
  APPROVAL,
  DEPOSIT,
  filtersFor,
  type Log,
  MOST_WALLETS_FILTERED,
  TRANSFER,
  toTopic,
  WALLETS_PER_FILTER,
  WITHDRAWAL,
} from './logs.ts';
import { type Touch, touchesOf } from './touches.ts';
import type { Address, Hex } from './types.ts';

const token: Address = '0x00000000000000000000000000000000000000aa';
const from: Address = '0x00000000000000000000000000000000000000f1';
const to: Address = '0x00000000000000000000000000000000000000f2';
const transactionHash: Hex = `0x${'7'.repeat(64)}`;
const spender: Address = '0x00000000000000000000000000000000000000f3';
const id: Hex = `0x${'0'.repeat(63)}9`;

function log(...topics: Hex[]): Log {
  return { address: token, topics, transactionHash };
}

describe('touches', () => {
  type Touched = Pick<Touch, 'owner' | 'spender'>;
  const cases: [what: string, log: Log, touched: Touched[]][] = [
    [
      'a transfer touches the balances of sender and receiver, and whatever the sender has allowed',
      log(TRANSFER, toTopic(from), toTopic(to)),
      [{ owner: from }, { owner: to }, { owner: from, spender: 'any' }],
    ],
    [
      'a transfer to oneself touches one wallet twice, and whatever it has allowed',
      log(TRANSFER, toTopic(to), toTopic(to)),
      [{ owner: to }, { owner: to }, { owner: to, spender: 'any' }],
    ],
    ['a deposit touches its owner', log(DEPOSIT, toTopic(to)), [{ owner: to }]],
    ['a withdrawal touches its owner', log(WITHDRAWAL, toTopic(from)), [{ owner: from }]],
    [
      'an approval touches that allowance, and no balance',
      log(APPROVAL, toTopic(from), toTopic(spender)),
      [{ owner: from, spender }],
    ],
    [
      'an ERC-721 approval, with its fourth topic, touches nobody',
      log(APPROVAL, toTopic(from), toTopic(spender), id),
      [],
    ],
    ['an approval without indexed parties touches nobody', log(APPROVAL), []],
    ['an approval of which only the owner is indexed touches nobody', log(APPROVAL, toTopic(from)), []],
    [
      'an approval to what is no address touches nobody',
      log(APPROVAL, toTopic(from), `0x${'f'.repeat(64)}`),
      [],
    ],
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
  it.each(cases)('%s', (_, entry, touched) => {
    expect(touchesOf([entry], 5)).toEqual(
      touched.map((each) => ({ ...each, token, transaction: transactionHash, height: 5 })),
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

  it.each([0, 1, WALLETS_PER_FILTER + 1, MOST_WALLETS_FILTERED, MOST_WALLETS_FILTERED + 1])(
    'with %i wallets are no more with approvals than without, which are asked for by who gives them',
    (count) => {
      const plain = filtersFor(wallets(count));
      expect(plain.flat(2)).not.toContain(APPROVAL);
      expect(filtersFor(wallets(count), true)).toEqual(
        plain.map(([events, ...parties]) => [
          events.includes(DEPOSIT) ? [...events, APPROVAL] : events,
          ...parties,
        ]),
      );
    },
  );
});
