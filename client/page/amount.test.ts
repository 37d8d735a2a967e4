import { expect, test } from 'vitest';
import { inWholeTokens, shownText } from './amount.ts';

test.each([
  ['0', '0'],
  ['1234567.5', '1,234,567.5'],
  ['999', '999'],
  ['1000', '1,000'],
  // Cut, not rounded: nobody holds more than they are shown.
  ['9994.999914855405019172', '9,994.999914'],
  ['0.1234569', '0.123456'],
  ['1.00000099', '1'],
  // Something is not nothing.
  ['0.000000000000000001', '<0.000001'],
  ['999999999999999', '999,999,999,999,999'],
  [`${2n ** 256n - 1n}`, '1.1579×10⁷⁷'],
])('a balance of %s is shown as %s', (exact, shown) => {
  expect(shownText(exact)).toBe(shown);
});

test.each([
  [1n, 18, '0.000000000000000001'],
  [1_500_000n, 6, '1.5'],
  [42n, 0, '42'],
  [0n, 18, '0'],
  [-2_000_000n, 6, '-2'],
])('%s of the smallest unit, with %s decimals, are %s', (amount, decimals, whole) => {
  expect(inWholeTokens(amount, decimals)).toBe(whole);
});
