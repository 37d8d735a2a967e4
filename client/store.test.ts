import { expect, test } from 'vitest';
import { type BalancesState, type BalancesUpdate, fold, mergeUnread } from './store.ts';
import type { Address } from './types.ts';

const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const DAI: Address = '0x6B175474E89094C44Da98b954EedeAC495271d0F';
const NATIVE: Address = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';
const lower = (address: Address) => address.toLowerCase();

function update(
  kind: 'SNAPSHOT' | 'DIFF',
  number: number,
  amounts: Record<Address, string | null>,
  removed: Address[] = [],
): BalancesUpdate {
  const block = { number: String(number), hash: '0x07', timestamp: '2026-11-21T12:00:00.000Z' } as const;
  return {
    kind,
    cause: kind === 'SNAPSHOT' ? 'SUBSCRIBED' : 'EVENT',
    cursor: `cursor-${number}`,
    block,
    balances: Object.entries(amounts).map(([address, amount]) => ({
      chainId: 1,
      owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
      token: {
        chainId: 1,
        address: address as Address,
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
    })),
    removed,
  };
}

function folded(...updates: BalancesUpdate[]): BalancesState {
  const state = updates.reduce<BalancesState | undefined>(fold, undefined);
  if (!state) throw new Error('no updates');
  return state;
}

const amounts = (state: BalancesState) =>
  Object.fromEntries([...state.balances].map(([token, balance]) => [token, balance.amount]));

test.each<[string, BalancesUpdate[], Record<string, bigint | null>, Address[]]>([
  [
    'a snapshot, zeros included',
    [update('SNAPSHOT', 1, { [USDC]: '0', [DAI]: '5' })],
    { [lower(USDC)]: 0n, [lower(DAI)]: 5n },
    [USDC, DAI],
  ],
  [
    'a diff sets what it names and keeps the rest',
    [update('SNAPSHOT', 1, { [USDC]: '1', [DAI]: '5' }), update('DIFF', 2, { [USDC]: '2' })],
    { [lower(USDC)]: 2n, [lower(DAI)]: 5n },
    [USDC],
  ],
  [
    'a diff brings a token that is new to the session',
    [update('SNAPSHOT', 1, { [USDC]: '1' }), update('DIFF', 2, { [DAI]: '5' })],
    { [lower(USDC)]: 1n, [lower(DAI)]: 5n },
    [DAI],
  ],
  [
    'a token that left the session is gone',
    [update('SNAPSHOT', 1, { [USDC]: '1', [DAI]: '5' }), update('DIFF', 2, {}, [USDC])],
    { [lower(DAI)]: 5n },
    [USDC],
  ],
  [
    'a second snapshot replaces everything',
    [update('SNAPSHOT', 1, { [USDC]: '1' }), update('SNAPSHOT', 9, { [DAI]: '5' })],
    { [lower(DAI)]: 5n },
    [USDC, DAI],
  ],
  [
    'a token becomes unreadable',
    [update('SNAPSHOT', 1, { [USDC]: '1' }), update('DIFF', 2, { [USDC]: null })],
    { [lower(USDC)]: null },
    [USDC],
  ],
  [
    'more than a double can hold',
    [update('SNAPSHOT', 1, { [USDC]: (2n ** 256n - 1n).toString() })],
    { [lower(USDC)]: 2n ** 256n - 1n },
    [USDC],
  ],
])('%s', (_, updates, expected, changed) => {
  const state = folded(...updates);
  expect(amounts(state)).toEqual(expected);
  expect(state.changed).toEqual(changed.map(lower));
  expect(state.cursor).toBe(updates.at(-1)?.cursor);
});

test('folding changes no earlier state', () => {
  const before = folded(update('SNAPSHOT', 1, { [USDC]: '1' }));
  fold(before, update('DIFF', 2, { [USDC]: '2', [DAI]: '1' }, [USDC]));
  expect(amounts(before)).toEqual({ [lower(USDC)]: 1n });
  expect(before.block.number).toBe(1n);
});

test('balances are found by an address in any case, and by the name of the native coin', () => {
  const { balances } = folded(update('SNAPSHOT', 1, { [USDC]: '1', [NATIVE]: '2' }));
  for (const token of [USDC, lower(USDC) as Address, '0xA0B86991C6218B36C1D19D4A2E9EB0CE3606EB48'] as const)
    expect(balances.get(token)?.amount).toBe(1n);
  expect(balances.get('native')?.amount).toBe(2n);
  expect(balances.has('native')).toBe(true);
  expect(balances.has(DAI)).toBe(false);
});

test('who has not read a state misses none of its changes', () => {
  const first = folded(update('SNAPSHOT', 1, { [USDC]: '1', [DAI]: '1' }));
  const second = fold(first, update('DIFF', 2, { [USDC]: '2' }));
  const third = fold(second, update('DIFF', 3, { [DAI]: '3' }, [USDC]));
  const merged = mergeUnread(second, third);
  expect(merged).toMatchObject({ cursor: 'cursor-3', kind: 'DIFF' });
  expect(new Set(merged.changed)).toEqual(new Set([lower(USDC), lower(DAI)]));
  expect(amounts(merged)).toEqual({ [lower(DAI)]: 3n });
  expect(mergeUnread(first, merged).kind).toBe('SNAPSHOT');
});
