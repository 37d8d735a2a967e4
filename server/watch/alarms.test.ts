import { expect, it } from 'vitest';
import type { Address, Hash } from '../chain/types.ts';
import { newPair, type WatchedPair } from '../ledger/pair.ts';
import { balanceOf } from '../test/service.ts';
import { Alarms, type Wish } from './alarms.ts';

const owner: Address = `0x${'1'.repeat(40)}`;
const token: Address = `0x${'2'.repeat(40)}`;

function alarmsOf(wish: Wish | undefined): { alarms: Alarms; pair: WatchedPair } {
  const pair = newPair(owner, token);
  return { alarms: new Alarms(new Map(wish && [[pair, wish]])), pair };
}

const below = (amount: bigint): Wish => ({ thresholds: [{ kind: 'BELOW', amount }], isQuiet: true });
const at = (amount: bigint | null, ...transactions: Hash[]) => ({
  ...balanceOf(owner, token, amount),
  transactions,
});
const [first, second, third]: readonly [Hash, Hash, Hash] = ['0x01', '0x02', '0x03'];

it('without conditions everything is told, as it is', () => {
  const { alarms, pair } = alarmsOf(undefined);
  const balance = at(5n);
  expect(alarms.shown(pair, balance)).toBe(balance);
  expect(alarms.changed(pair, balance, 'EVENT')).toBe(balance);
});

it('a snapshot tells everything, and what holds of it', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  expect(alarms.shown(pair, at(9n))).toEqual({ ...at(9n), crossed: [] });
  expect(alarms.shown(pair, at(4n))).toEqual({ ...at(4n), crossed: ['BELOW'] });
});

it('after it only what crosses is told, each time anew', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(6n), 'EVENT')).toBeUndefined();
  expect(alarms.changed(pair, at(4n), 'EVENT')).toEqual({
    ...at(4n),
    previousAmount: 9n,
    crossed: ['BELOW'],
  });
  expect(alarms.changed(pair, at(3n), 'EVENT')).toBeUndefined();
  expect(alarms.changed(pair, at(7n), 'EVENT')).toBeUndefined();
  expect(alarms.changed(pair, at(1n), 'EVENT')).toEqual({
    ...at(1n),
    previousAmount: 4n,
    crossed: ['BELOW'],
  });
});

it('a change is measured from what was sent last, not from what was seen', () => {
  const { alarms, pair } = alarmsOf({ thresholds: [{ kind: 'CHANGE_OVER', amount: 5n }], isQuiet: true });
  alarms.shown(pair, at(10n));
  expect(alarms.changed(pair, at(13n), 'EVENT')).toBeUndefined();
  expect(alarms.changed(pair, at(16n), 'EVENT')).toMatchObject({ amount: 16n, crossed: ['CHANGE_OVER'] });
  expect(alarms.changed(pair, at(11n), 'EVENT')).toBeUndefined();
});

it('an alarm that goes blind says so, and when it sees again', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(null), 'EVENT')).toEqual({ ...at(null), previousAmount: 9n, crossed: [] });
  expect(alarms.changed(pair, at(null), 'EVENT')).toBeUndefined();
  expect(alarms.changed(pair, at(8n), 'EVENT')).toEqual({ ...at(8n), previousAmount: null, crossed: [] });
  alarms.changed(pair, at(null), 'EVENT');
  // What was crossed in the dark is told.
  expect(alarms.changed(pair, at(2n), 'EVENT')).toEqual({
    ...at(2n),
    previousAmount: null,
    crossed: ['BELOW'],
  });
});

it('a token of the item without a condition of its own is silent', () => {
  const { alarms, pair } = alarmsOf({ thresholds: [], isQuiet: true });
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(1n), 'EVENT')).toBeUndefined();
});

it('who wants all of a token is told all of it, and what it crosses', () => {
  const { alarms, pair } = alarmsOf({ ...below(5n), isQuiet: false });
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(8n), 'EVENT')).toEqual({ ...at(8n), previousAmount: 9n, crossed: [] });
  expect(alarms.changed(pair, at(4n), 'EVENT')).toEqual({
    ...at(4n),
    previousAmount: 8n,
    crossed: ['BELOW'],
  });
});

it('what is told begins at what was told last, and names the transactions of all that came since', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(9n));
  alarms.changed(pair, at(8n, first), 'EVENT');
  alarms.changed(pair, at(7n, second), 'EVENT');
  expect(alarms.changed(pair, at(4n, second, third), 'EVENT')).toMatchObject({
    previousAmount: 9n,
    transactions: [first, second, third],
  });
  alarms.changed(pair, at(8n, first), 'EVENT');
  expect(alarms.changed(pair, at(3n, second), 'EVENT')).toMatchObject({
    previousAmount: 4n,
    transactions: [first, second],
  });
});

it('what was missed before a reorganisation may have been in what it replaced, and is not named', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(9n));
  alarms.changed(pair, at(8n, first), 'EVENT');
  alarms.changed(pair, at(7n, second), 'REORG');
  expect(alarms.changed(pair, at(4n, third), 'EVENT')).toMatchObject({
    previousAmount: 9n,
    transactions: [second, third],
  });
});

it('of very many transactions the newest are named', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(900n));
  const hashes = Array.from({ length: 150 }, (_, index): Hash => `0x${index}`);
  hashes.forEach((hash, index) => void alarms.changed(pair, at(800n - BigInt(index), hash), 'EVENT'));
  expect(alarms.changed(pair, at(4n, third), 'EVENT')?.transactions).toEqual([...hashes.slice(-99), third]);
});
