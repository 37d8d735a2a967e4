import { expect, test } from 'vitest';
import type { Address } from '../types.ts';
import { plan, type Wanted } from './plan.ts';

const token = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`;

/** Of a wallet so many tokens are wanted; null: what they are is not known yet. */
function wanted(name: string, tokens: number | null, rest: Partial<Wanted> = {}): Wanted {
  return {
    name,
    tokens: tokens === null ? undefined : new Set(Array.from({ length: tokens }, (_, n) => token(n))),
    version: 1,
    allowances: '',
    isCrowded: false,
    isApart: false,
    ...rest,
  };
}

const spending = { allowances: 'of a dex' };
const many = (count: number, tokens: number) =>
  Array.from({ length: count }, (_, n) => wanted(`wallet ${n}`, tokens));

const planned = (wallets: readonly Wanted[]) =>
  plan(wallets).map(({ isSession, wallets }) => `${isSession ? 'session' : 'wallets'}: ${wallets.length}`);

test.each<[string, Wanted[], string[]]>([
  ['nothing', [], []],
  ['one wallet has a session', [wanted('a', 3)], ['session: 1']],
  ['and needs not wait until its lists are known', [wanted('a', null)], ['session: 1']],
  ['several are in one stream', [wanted('a', 3), wanted('b', 1), wanted('c', 2)], ['wallets: 3']],
  ['whoever is not known yet waits', [wanted('a', 3), wanted('b', null)], ['session: 1']],
  ['the more so if nobody is', [wanted('a', null), wanted('b', null)], []],
  [
    'allowances are in sessions alone',
    [wanted('a', 3, spending), wanted('b', 1, spending)],
    Array(2).fill('session: 1'),
  ],
  ['others beside them share one', [wanted('a', 3, spending), ...many(5, 2)], ['session: 1', 'wallets: 5']],
  [
    'and one beside them has its own',
    [wanted('a', 3, spending), wanted('b', 2)],
    Array(2).fill('session: 1'),
  ],
  ['one that may have no session needs none', [wanted('a', 3, { isCrowded: true })], ['wallets: 1']],
  ['a thousand wallets are one stream', many(1000, 3), ['wallets: 1000']],
  ['one more are two', many(1001, 3), ['wallets: 1000', 'wallets: 1']],
  ['ten thousand pairs are one stream', many(100, 100), ['wallets: 100']],
  ['and so many more are two', many(101, 100), ['wallets: 100', 'wallets: 1']],
  ['one with more than that is alone', [wanted('a', 2), wanted('b', 10_001)], ['wallets: 1', 'wallets: 1']],
  [
    'one that is suspected begins another',
    [...many(2, 1), wanted('c', 1, { isApart: true })],
    ['wallets: 2', 'wallets: 1'],
  ],
])('%s', (_, wallets, streams) => {
  expect(planned(wallets)).toEqual(streams);
});

const keys = (...wallets: Wanted[]) => plan(wallets).map(({ key }) => key);

test("a session's stream goes on when its tokens change", () => {
  expect(keys(wanted('a', 3))).toEqual(keys(wanted('a', 900, { version: 7 })));
});

test('but begins anew where allowances are to be whole', () => {
  expect(keys(wanted('a', 3, spending))).not.toEqual(keys(wanted('a', 3, { allowances: 'of two' })));
  expect(keys(wanted('a', 3, spending))).toEqual(keys(wanted('a', 4, { ...spending, version: 2 })));
});

test('a stream of many is another one when any of them has other tokens, or one comes or goes', () => {
  const [a, b, c] = [wanted('a', 1), wanted('b', 1), wanted('c', 1)];
  expect(keys(a, b)).toEqual(keys(a, b));
  expect(keys(a, b)).not.toEqual(keys(a, b, c));
  expect(keys(a, b)).not.toEqual(keys(a, { ...b, version: 2 }));
});
