import { expect, test } from 'vitest';
import { type Address, NATIVE } from '../../chain/types.ts';
import { MAX_SPENDERS } from '../../watch/sessions.ts';
import { spendersOf } from './spenders.ts';

const spenders = (n: number) =>
  Array.from({ length: n }, (_, i): Address => `0x${i.toString(16).padStart(40, '0')}`);

test('what is not said leaves them as they are, and none means none', () => {
  expect(spendersOf(undefined)).toBeUndefined();
  expect(spendersOf(null)).toBeUndefined();
  expect(spendersOf([])).toEqual([]);
});

test('ten may be named, however often', () => {
  const ten = spenders(MAX_SPENDERS);
  expect(spendersOf([...ten, ...ten])).toEqual(ten);
});

test('eleven may not', () => {
  expect(() => spendersOf(spenders(MAX_SPENDERS + 1))).toThrow(
    expect.objectContaining({
      code: 'TOKEN_LIMIT_EXCEEDED',
      message: '11 spenders exceed the limit of 10 a session',
    }),
  );
});

test('the native coin spends nothing', () => {
  expect(() => spendersOf([...spenders(2), NATIVE])).toThrow(
    expect.objectContaining({
      code: 'BAD_USER_INPUT',
      message: 'spenders[2]: the native coin is no spender',
    }),
  );
});
