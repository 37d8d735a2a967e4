import { describe, expect, it } from 'vitest';
import type { Address } from '../chain/types.ts';
import { Registry } from './registry.ts';

const address = (digit: string): Address => `0x${digit.repeat(40)}`;
const alice = address('a');
const bob = address('b');
const gold = address('1');
const silver = address('2');
const spender = address('5');
const other = address('6');
const transaction = address('7');

/** Two wallets with gold each. */
function registry() {
  const kept = new Registry();
  for (const owner of [alice, bob]) kept.addWallet(owner, () => {});
  const golds = [alice, bob].map((owner) => kept.addPair(owner, gold));
  return { kept, golds };
}

describe('what a scan cannot have known', () => {
  it('is nothing while nobody came', () => {
    const { kept } = registry();
    const { version } = kept;
    kept.addPair(alice, silver);
    expect([...kept.unknownTo(version)]).toEqual([]);
  });

  it('is all of a wallet that came', () => {
    const { kept } = registry();
    const { version } = kept;
    kept.addWallet(other, () => {});
    const pairs = [kept.addPair(other, gold), kept.addPair(other, gold, spender)];
    expect([...kept.unknownTo(version)]).toEqual(pairs);
  });

  it('is every allowance where none was watched when it began, whoever has it', () => {
    const { kept } = registry();
    const { version } = kept;
    const allowances = [kept.addPair(alice, gold, spender), kept.addPair(bob, silver, other)];
    expect([...kept.unknownTo(version)]).toEqual(allowances);
    expect(kept.watchesAllowances).toBe(true);
  });

  it('is no allowance that joins others: approvals are asked for of all wallets', () => {
    const { kept } = registry();
    kept.addPair(alice, gold, spender);
    const { version } = kept;
    kept.addPair(bob, gold, spender);
    expect([...kept.unknownTo(version)]).toEqual([]);
  });

  it('is the first allowance again, after the last one had gone', () => {
    const { kept } = registry();
    kept.removePair(kept.addPair(alice, gold, spender));
    expect(kept.watchesAllowances).toBe(false);
    const { version } = kept;
    const again = kept.addPair(alice, gold, spender);
    expect([...kept.unknownTo(version)]).toEqual([again]);
  });
});

describe('a touch', () => {
  it('is about one balance, one allowance, or all allowances of a token', () => {
    const { kept, golds } = registry();
    const first = kept.addPair(alice, gold, spender);
    const second = kept.addPair(alice, gold, other);
    kept.addPair(alice, silver, spender);
    kept.addPair(bob, gold, spender);
    const touched = (owner: Address, by?: Address | 'any') => {
      const touch = { owner, token: gold, transaction, height: 7 };
      return [...kept.touched(by ? { ...touch, spender: by } : touch)];
    };
    expect(touched(alice)).toEqual([golds[0]]);
    expect(touched(alice, spender)).toEqual([first]);
    expect(touched(alice, 'any')).toEqual([first, second]);
    expect(touched(alice, address('8'))).toEqual([]);
    expect(touched(other)).toEqual([]);
    expect(touched(other, 'any')).toEqual([]);
    kept.removePair(first);
    expect(touched(alice, 'any')).toEqual([second]);
    expect(touched(alice, spender)).toEqual([]);
  });
});
