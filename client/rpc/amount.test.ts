import fc from 'fast-check';
import { formatUnits } from 'viem';
import { expect, test } from 'vitest';
import { formatAmount } from './amount.ts';

test.each<[bigint, number, string]>([
  [0n, 18, '0'],
  [1n, 18, '0.000000000000000001'],
  [1_500_000n, 6, '1.5'],
  [1_000_000n, 6, '1'],
  [42n, 0, '42'],
  [420n, 0, '420'],
])('%s with %s decimals is %s', (amount, decimals, text) => {
  expect(formatAmount(amount, decimals)).toBe(text);
});

test('any amount is written as viem, and so the service, writes it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat(77), (amount, decimals) => {
      expect(formatAmount(amount, decimals)).toBe(formatUnits(amount, decimals));
    }),
  );
});
