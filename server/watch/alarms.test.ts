import { expect, it } from 'vitest';
import type { Address } from '../chain/types.ts';
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
const at = (amount: bigint | null) => balanceOf(owner, token, amount);

it('without conditions everything is told, as it is', () => {
  const { alarms, pair } = alarmsOf(undefined);
  const balance = at(5n);
  expect(alarms.shown(pair, balance)).toBe(balance);
  expect(alarms.changed(pair, balance)).toBe(balance);
});

it('a snapshot tells everything, and what holds of it', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  expect(alarms.shown(pair, at(9n))).toEqual({ ...at(9n), crossed: [] });
  expect(alarms.shown(pair, at(4n))).toEqual({ ...at(4n), crossed: ['BELOW'] });
});

it('after it only what crosses is told, each time anew', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(6n))).toBeUndefined();
  expect(alarms.changed(pair, at(4n))).toEqual({ ...at(4n), crossed: ['BELOW'] });
  expect(alarms.changed(pair, at(3n))).toBeUndefined();
  expect(alarms.changed(pair, at(7n))).toBeUndefined();
  expect(alarms.changed(pair, at(1n))).toEqual({ ...at(1n), crossed: ['BELOW'] });
});

it('a change is measured from what was sent last, not from what was seen', () => {
  const { alarms, pair } = alarmsOf({ thresholds: [{ kind: 'CHANGE_OVER', amount: 5n }], isQuiet: true });
  alarms.shown(pair, at(10n));
  expect(alarms.changed(pair, at(13n))).toBeUndefined();
  expect(alarms.changed(pair, at(16n))).toMatchObject({ amount: 16n, crossed: ['CHANGE_OVER'] });
  expect(alarms.changed(pair, at(11n))).toBeUndefined();
});

it('an alarm that goes blind says so, and when it sees again', () => {
  const { alarms, pair } = alarmsOf(below(5n));
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(null))).toEqual({ ...at(null), crossed: [] });
  expect(alarms.changed(pair, at(null))).toBeUndefined();
  expect(alarms.changed(pair, at(8n))).toEqual({ ...at(8n), crossed: [] });
  alarms.changed(pair, at(null));
  // What was crossed in the dark is told.
  expect(alarms.changed(pair, at(2n))).toEqual({ ...at(2n), crossed: ['BELOW'] });
});

it('a token of the item without a condition of its own is silent', () => {
  const { alarms, pair } = alarmsOf({ thresholds: [], isQuiet: true });
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(1n))).toBeUndefined();
});

it('who wants all of a token is told all of it, and what it crosses', () => {
  const { alarms, pair } = alarmsOf({ ...below(5n), isQuiet: false });
  alarms.shown(pair, at(9n));
  expect(alarms.changed(pair, at(8n))).toEqual({ ...at(8n), crossed: [] });
  expect(alarms.changed(pair, at(4n))).toEqual({ ...at(4n), crossed: ['BELOW'] });
});
