import { expect, test } from 'vitest';
import type { Address, ConditionKind } from './types.ts';
import { foldWallets, mergeUnreadWallets, type WalletsState, type WalletsUpdate } from './wallets.ts';

const ALICE: Address = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const BOB: Address = '0x00000000219ab540356cBB839Cbe05303d7705Fa';
const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const NATIVE: Address = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';
const lower = (address: Address) => address.toLowerCase() as Address;

type Held = [owner: Address, token: Address, amount: string | null, ...crossed: ConditionKind[]];

function update(kind: 'SNAPSHOT' | 'DIFF', chainId: number, number: number, ...held: Held[]): WalletsUpdate {
  const block = { number: `${number}`, hash: '0x07', timestamp: '2026-11-21T12:00:00.000Z' } as const;
  return {
    chainId,
    kind,
    cause: kind === 'SNAPSHOT' ? 'SUBSCRIBED' : 'EVENT',
    cursor: `cursor-${chainId}-${number}`,
    block,
    balances: held.map(([owner, address, amount, ...crossed]) => ({
      chainId,
      owner,
      token: {
        chainId,
        address,
        symbol: null,
        name: null,
        decimals: null,
        logoURI: null,
        native: address === NATIVE,
      },
      amount,
      formatted: null,
      previousAmount: null,
      transactions: [],
      block,
      status: amount === null ? 'UNREADABLE' : 'OK',
      reason: null,
      crossed,
    })),
  };
}

function folded(...updates: WalletsUpdate[]): WalletsState {
  const state = updates.reduce<WalletsState | undefined>(foldWallets, undefined);
  if (!state) throw new Error('no updates');
  return state;
}

const all = ({ balances }: WalletsState) =>
  [...balances].flatMap(([chainId, owners]) =>
    [...owners].flatMap(([owner, tokens]) =>
      [...tokens].map(([token, { amount }]) => [chainId, owner, token, amount]),
    ),
  );
const changes = ({ changed }: WalletsState) =>
  changed.map(({ chainId, owner, token, amount, crossed }) => [
    chainId,
    owner,
    token.address,
    amount,
    ...crossed,
  ]);

const ethereum = update('SNAPSHOT', 1, 10, [ALICE, USDC, '1'], [ALICE, NATIVE, '2'], [BOB, USDC, '3']);
const arbitrum = update('SNAPSHOT', 42161, 900, [ALICE, USDC, '4']);

test('each chain begins with a snapshot, and the same wallet is another on another chain', () => {
  const state = folded(ethereum, arbitrum);
  expect(all(state)).toEqual([
    [1, lower(ALICE), lower(USDC), 1n],
    [1, lower(ALICE), lower(NATIVE), 2n],
    [1, lower(BOB), lower(USDC), 3n],
    [42161, lower(ALICE), lower(USDC), 4n],
  ]);
  expect(changes(state)).toEqual([[42161, ALICE, USDC, 4n]]);
  expect(state).toMatchObject({ chainId: 42161, kind: 'SNAPSHOT', cursor: 'cursor-42161-900' });
  expect([...state.blocks].map(([chainId, { number }]) => [chainId, number])).toEqual([
    [1, 10n],
    [42161, 900n],
  ]);
});

test('a balance is found by addresses in any case, and by the name of the native coin', () => {
  const state = folded(ethereum, arbitrum);
  expect(state.balance(1, ALICE, USDC)?.amount).toBe(1n);
  expect(state.balance(1, lower(ALICE), lower(USDC))?.amount).toBe(1n);
  expect(state.balance(1, ALICE, 'native')?.amount).toBe(2n);
  expect(state.balance(42161, ALICE, 'native')).toBeUndefined();
  expect(state.balance(42161, BOB, USDC)).toBeUndefined();
  expect(state.balance(10, ALICE, USDC)).toBeUndefined();
});

test('a diff sets what it names, and says what it crossed once', () => {
  const state = folded(ethereum, arbitrum, update('DIFF', 1, 11, [ALICE, USDC, '0', 'BELOW', 'CHANGE_OVER']));
  expect(changes(state)).toEqual([[1, ALICE, USDC, 0n, 'BELOW', 'CHANGE_OVER']]);
  expect(all(state)).toHaveLength(4);
  expect(state.balance(1, ALICE, USDC)).not.toHaveProperty('crossed');
  expect([state.blocks.get(1)?.number, state.blocks.get(42161)?.number]).toEqual([11n, 900n]);
  expect(changes(foldWallets(state, update('DIFF', 1, 12, [BOB, USDC, null])))).toEqual([
    [1, BOB, USDC, null],
  ]);
});

test('a snapshot replaces all of its chain, and nothing of another', () => {
  const state = folded(ethereum, arbitrum, update('SNAPSHOT', 1, 12, [BOB, USDC, '9', 'ABOVE']));
  expect(all(state)).toEqual([
    [1, lower(BOB), lower(USDC), 9n],
    [42161, lower(ALICE), lower(USDC), 4n],
  ]);
  expect(changes(state)).toEqual([[1, BOB, USDC, 9n, 'ABOVE']]);
});

test('folding changes no earlier state, and copies no wallet that it says nothing of', () => {
  const before = folded(ethereum, arbitrum);
  const after = foldWallets(before, update('DIFF', 1, 11, [ALICE, USDC, '7']));
  expect(before.balance(1, ALICE, USDC)?.amount).toBe(1n);
  expect(after.balance(1, ALICE, USDC)?.amount).toBe(7n);
  expect(before.blocks.get(1)?.number).toBe(10n);
  expect(after.balances.get(1)?.get(BOB)).toBe(before.balances.get(1)?.get(BOB));
  expect(after.balances.get(42161)).toBe(before.balances.get(42161));
});

test('who has not read a state misses no change and no crossing, and gets the newest of each balance', () => {
  const first = folded(
    ethereum,
    arbitrum,
    update('DIFF', 1, 11, [ALICE, USDC, '0', 'BELOW'], [BOB, USDC, '8', 'ABOVE']),
  );
  const second = foldWallets(first, update('DIFF', 42161, 901, [ALICE, USDC, '6', 'CHANGE_OVER']));
  const third = foldWallets(second, update('DIFF', 1, 12, [ALICE, USDC, '5', 'ABOVE', 'BELOW']));
  const merged = mergeUnreadWallets(mergeUnreadWallets(first, second), third);
  expect(changes(merged)).toEqual([
    [1, ALICE, USDC, 5n, 'BELOW', 'ABOVE'],
    [1, BOB, USDC, 8n, 'ABOVE'],
    [42161, ALICE, USDC, 6n, 'CHANGE_OVER'],
  ]);
  expect(merged.balance(1, ALICE, USDC)?.amount).toBe(5n);
  expect(merged).toMatchObject({ chainId: 1, cursor: 'cursor-1-12', kind: 'DIFF' });
});

test('what changed twice before it was read names the transactions of both', () => {
  const moved = (
    number: number,
    amount: string,
    previousAmount: string,
    hash: `0x${string}`,
  ): WalletsUpdate => {
    const diff = update('DIFF', 1, number, [ALICE, USDC, amount]);
    return {
      ...diff,
      balances: diff.balances.map((one) => ({ ...one, previousAmount, transactions: [hash] })),
    };
  };
  const first = foldWallets(undefined, update('SNAPSHOT', 1, 10, [ALICE, USDC, '1']));
  const second = foldWallets(first, moved(11, '2', '1', '0x02'));
  const third = foldWallets(second, moved(12, '3', '2', '0x03'));
  expect(mergeUnreadWallets(second, third).changed).toMatchObject([
    { amount: 3n, previousAmount: 1n, transactions: ['0x02', '0x03'] },
  ]);
});
