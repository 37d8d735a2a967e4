import { describe, expect, test } from 'vitest';
import { type Address, NATIVE } from '../../chain/types.ts';
import { balanceOf } from '../../test/service.ts';
import { DAI, OWNER, USDC } from '../../test/socket.ts';
import { changedItemOf, itemOf } from './items.ts';
import { idOf, pairsOf, walletItems } from './pairs.ts';

const pair = (token: Address, chainId = 1) => ({ chainId, owner: OWNER, token });
const [dai] = [...pairsOf([pair(DAI)]).values()];
if (!dai) throw new Error('no pair');

describe('an amount', () => {
  test.each<[bigint, number | null, number | null]>([
    [0n, 18, 0],
    [1n, 18, 1e-18],
    [1_500_000n, 6, 1.5],
    [123n, 0, 123],
    // A double has no more digits: for reading only.
    [12_345_678_901_234_567_890n, 18, 12.345678901234567],
    [2n ** 256n - 1n, 0, 1.157920892373162e77],
    [2n ** 256n - 1n, 77, 1.1579208923731619],
    [5n, null, null],
  ])('%s of a token with %s decimals is %s', (amount, decimals, expected) => {
    const metadata = { symbol: null, name: null, decimals, logoURI: null };
    const item = itemOf(dai, balanceOf(OWNER, DAI, amount), metadata);
    expect(item).toMatchObject({ balance: expected, rawBalance: `${amount}`, decimals });
    const changed = changedItemOf(dai, { ...balanceOf(OWNER, DAI, 7n), previousAmount: amount }, metadata, {
      cause: 'RECONCILED',
    });
    expect(changed).toMatchObject({
      previousBalance: expected,
      previousRawBalance: `${amount}`,
      cause: 'RECONCILED',
      transactions: [],
    });
  });
});

describe('pairs', () => {
  test('of one wallet on one chain are asked for together, each once, in their order', () => {
    const pairs = pairsOf([pair(USDC), pair(DAI, 5), pair(DAI), pair(USDC), pair(NATIVE)]);
    expect([...pairs.values()].map(({ shown }) => `${shown.chainId} ${shown.token}`)).toEqual([
      'evm:1 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
      'evm:5 0x6B175474E89094C44Da98b954EedeAC495271d0F',
      'evm:1 0x6B175474E89094C44Da98b954EedeAC495271d0F',
      'evm:1 native',
    ]);
    expect(walletItems(pairs.values())).toEqual([
      { chainId: 1, owner: OWNER, tokens: [USDC, DAI, NATIVE], conditions: [] },
      { chainId: 5, owner: OWNER, tokens: [DAI], conditions: [] },
    ]);
  });

  test('have an id that nothing changes but what they are', () => {
    const id = idOf(pairsOf([pair(DAI), pair(USDC)]).keys());
    // Clients may keep it: it must be the same after every release.
    expect(id).toBe('ac97bf623281fe948e38b4602c5f3ff0');
    expect(idOf(pairsOf([pair(USDC), pair(DAI), pair(USDC)]).keys())).toBe(id);
    expect(idOf(pairsOf([pair(USDC, 2), pair(DAI)]).keys())).not.toBe(id);
  });
});
