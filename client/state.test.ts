import { expect, test } from 'vitest';
import type { WalletUpdate } from './source/source.ts';
import { type BalancesState, fold, fromScratch, mergeUnread, unknown } from './state.ts';
import type { Address } from './types.ts';

const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const DAI: Address = '0x6B175474E89094C44Da98b954EedeAC495271d0F';
const NATIVE: Address = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE';
const lower = (address: Address) => address.toLowerCase();

function update(
  kind: 'SNAPSHOT' | 'DIFF',
  number: number,
  amounts: Record<Address, bigint | null>,
  removed: Address[] = [],
  allowed: [token: Address, spender: Address, amount: bigint][] = [],
): WalletUpdate {
  const block = { number: BigInt(number), hash: '0x07', timestamp: '2026-11-21T12:00:00.000Z' } as const;
  return {
    kind,
    cause: kind === 'SNAPSHOT' ? 'SUBSCRIBED' : 'EVENT',
    via: 'service',
    block,
    balances: Object.entries(amounts).map(([address, amount]) => ({
      chainId: 1,
      owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
      token: tokenAt(address as Address),
      amount,
      formatted: null,
      previousAmount: null,
      transactions: [],
      block,
      status: amount === null ? 'UNREADABLE' : 'OK',
      reason: null,
    })),
    allowances: allowed.map(([token, spender, amount]) => ({
      owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
      token: tokenAt(token),
      spender,
      amount,
      previousAmount: null,
      transactions: [],
      block,
    })),
    removed,
  };
}

const tokenAt = (address: Address) => ({
  chainId: 1,
  address,
  symbol: null,
  name: null,
  decimals: null,
  logoURI: null,
  native: address === NATIVE,
});

function folded(...updates: WalletUpdate[]): BalancesState {
  return updates.reduce(fold, unknown());
}

/** Which tokens changed, and from what to what. */
const changed = (state: BalancesState) =>
  state.changes.map(({ token, previous, now }) => [token.address, previous?.amount, now?.amount]);

const amounts = (state: BalancesState) =>
  Object.fromEntries([...state.balances].map(([token, balance]) => [token, balance.amount]));

type Change = [token: Address, previous: bigint | null | undefined, now: bigint | null | undefined];

test.each<[string, WalletUpdate[], Record<string, bigint | null>, Change[]]>([
  [
    'a snapshot, zeros included',
    [update('SNAPSHOT', 1, { [USDC]: 0n, [DAI]: 5n })],
    { [lower(USDC)]: 0n, [lower(DAI)]: 5n },
    [
      [USDC, undefined, 0n],
      [DAI, undefined, 5n],
    ],
  ],
  [
    'a diff sets what it names and keeps the rest',
    [update('SNAPSHOT', 1, { [USDC]: 1n, [DAI]: 5n }), update('DIFF', 2, { [USDC]: 2n })],
    { [lower(USDC)]: 2n, [lower(DAI)]: 5n },
    [[USDC, 1n, 2n]],
  ],
  [
    'a diff brings a token that is new to the session',
    [update('SNAPSHOT', 1, { [USDC]: 1n }), update('DIFF', 2, { [DAI]: 5n })],
    { [lower(USDC)]: 1n, [lower(DAI)]: 5n },
    [[DAI, undefined, 5n]],
  ],
  [
    'a token that left the session is gone',
    [update('SNAPSHOT', 1, { [USDC]: 1n, [DAI]: 5n }), update('DIFF', 2, {}, [USDC])],
    { [lower(DAI)]: 5n },
    [[USDC, 1n, undefined]],
  ],
  [
    'a second snapshot replaces everything',
    [update('SNAPSHOT', 1, { [USDC]: 1n }), update('SNAPSHOT', 9, { [DAI]: 5n })],
    { [lower(DAI)]: 5n },
    [
      [DAI, undefined, 5n],
      [USDC, 1n, undefined],
    ],
  ],
  [
    'a token becomes unreadable',
    [update('SNAPSHOT', 1, { [USDC]: 1n }), update('DIFF', 2, { [USDC]: null })],
    { [lower(USDC)]: null },
    [[USDC, 1n, null]],
  ],
  [
    'more than a double can hold',
    [update('SNAPSHOT', 1, { [USDC]: 2n ** 256n - 1n })],
    { [lower(USDC)]: 2n ** 256n - 1n },
    [[USDC, undefined, 2n ** 256n - 1n]],
  ],
  [
    'a second snapshot with the same tells of nothing',
    [update('SNAPSHOT', 1, { [USDC]: 1n }), update('SNAPSHOT', 9, { [USDC]: 1n })],
    { [lower(USDC)]: 1n },
    [],
  ],
])('%s', (_, updates, expected, changes) => {
  const state = folded(...updates);
  expect(amounts(state)).toEqual(expected);
  expect(changed(state)).toEqual(changes);
  expect(state.block).toEqual(updates.at(-1)?.block);
});

test('folding changes no earlier state', () => {
  const before = folded(update('SNAPSHOT', 1, { [USDC]: 1n }));
  fold(before, update('DIFF', 2, { [USDC]: 2n, [DAI]: 1n }, [USDC]));
  expect(amounts(before)).toEqual({ [lower(USDC)]: 1n });
  expect(before.block?.number).toBe(1n);
});

test('balances are found by an address in any case, and by the name of the native coin', () => {
  const { balances } = folded(update('SNAPSHOT', 1, { [USDC]: 1n, [NATIVE]: 2n }));
  for (const token of [USDC, lower(USDC) as Address, '0xA0B86991C6218B36C1D19D4A2E9EB0CE3606EB48'] as const)
    expect(balances.get(token)?.amount).toBe(1n);
  expect(balances.get('native')?.amount).toBe(2n);
  expect(balances.has('native')).toBe(true);
  expect(balances.has(DAI)).toBe(false);
});

const ROUTER: Address = '0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D';
const SETTLER: Address = '0x9008D19f58AAbD9eD0D60971565AA8510560ab41';
const MAX = 2n ** 256n - 1n;

const allowed = (state: BalancesState) =>
  Object.fromEntries(
    [...state.allowances].map(({ token, spender, amount }) => [`${token.address} ${spender}`, amount]),
  );
const first = update(
  'SNAPSHOT',
  1,
  { [USDC]: 1n, [DAI]: 5n },
  [],
  [
    [USDC, ROUTER, 0n],
    [USDC, SETTLER, MAX],
    [DAI, ROUTER, 7n],
  ],
);

test.each<[string, WalletUpdate[], Record<string, bigint>, [Address, Address][]]>([
  [
    'a snapshot holds all of them, zeros included',
    [first],
    { [`${USDC} ${ROUTER}`]: 0n, [`${USDC} ${SETTLER}`]: 2n ** 256n - 1n, [`${DAI} ${ROUTER}`]: 7n },
    [
      [USDC, ROUTER],
      [USDC, SETTLER],
      [DAI, ROUTER],
    ],
  ],
  [
    'a diff sets what it names and keeps the rest, though no balance is in it',
    [first, update('DIFF', 2, {}, [], [[USDC, ROUTER, 9n]])],
    { [`${USDC} ${ROUTER}`]: 9n, [`${USDC} ${SETTLER}`]: 2n ** 256n - 1n, [`${DAI} ${ROUTER}`]: 7n },
    [[USDC, ROUTER]],
  ],
  [
    'a diff of balances alone changes none',
    [first, update('DIFF', 2, { [USDC]: 2n })],
    { [`${USDC} ${ROUTER}`]: 0n, [`${USDC} ${SETTLER}`]: 2n ** 256n - 1n, [`${DAI} ${ROUTER}`]: 7n },
    [],
  ],
  [
    'a token that leaves takes its own along',
    [first, update('DIFF', 2, {}, [USDC])],
    { [`${DAI} ${ROUTER}`]: 7n },
    [
      [USDC, ROUTER],
      [USDC, SETTLER],
    ],
  ],
  [
    'a spender that left is not in the next snapshot',
    [first, update('SNAPSHOT', 2, { [USDC]: 1n }, [], [[USDC, ROUTER, 0n]])],
    { [`${USDC} ${ROUTER}`]: 0n },
    [
      [USDC, ROUTER],
      [USDC, SETTLER],
      [DAI, ROUTER],
    ],
  ],
])('of allowances %s', (_, updates, expected, changed) => {
  const state = folded(...updates);
  expect(allowed(state)).toEqual(expected);
  expect(state.changedAllowances).toEqual(
    changed.map(([token, spender]) => ({ token: lower(token), spender: lower(spender) })),
  );
  expect(state.allowances.size).toBe(Object.keys(expected).length);
});

test('an allowance is found by addresses in any case', () => {
  const { allowances } = folded(first);
  expect(allowances.get(DAI, ROUTER)).toMatchObject({ amount: 7n, spender: ROUTER, block: { number: 1n } });
  expect(allowances.get(lower(DAI) as Address, lower(ROUTER) as Address)?.amount).toBe(7n);
  expect(allowances.get(DAI, SETTLER)).toBeUndefined();
});

test('who has not read a state misses no change of an allowance, and is told each once', () => {
  const second = folded(first, update('DIFF', 2, {}, [], [[USDC, ROUTER, 1n]]));
  const third = fold(second, update('DIFF', 3, {}, [DAI], [[USDC, ROUTER, 2n]]));
  const merged = mergeUnread(second, third);
  expect(merged.changedAllowances).toEqual([
    { token: lower(USDC), spender: lower(ROUTER) },
    { token: lower(DAI), spender: lower(ROUTER) },
  ]);
  expect(merged.allowances.get(USDC, ROUTER)?.amount).toBe(2n);
  expect(allowed(second)).toHaveProperty(`${DAI} ${ROUTER}`);
});

test('who has not read a state misses none of its changes', () => {
  const first = folded(update('SNAPSHOT', 1, { [USDC]: 1n, [DAI]: 1n }));
  const second = fold(first, update('DIFF', 2, { [USDC]: 2n }));
  const third = fold(second, update('DIFF', 3, { [DAI]: 3n }, [USDC]));
  const merged = mergeUnread(second, third);
  expect(merged).toMatchObject({ block: { number: 3n }, kind: 'DIFF' });
  expect(changed(merged)).toEqual([
    [USDC, 1n, undefined],
    [DAI, 1n, 3n],
  ]);
  expect(amounts(merged)).toEqual({ [lower(DAI)]: 3n });
  expect(mergeUnread(first, merged).kind).toBe('SNAPSHOT');
});

test('what changed twice before it was read names the transactions of both, from what was before both', () => {
  const moved = (number: number, amount: bigint, hash: `0x${string}`): WalletUpdate => {
    const diff = update('DIFF', number, { [USDC]: amount });
    return { ...diff, balances: diff.balances.map((one) => ({ ...one, transactions: [hash] })) };
  };
  const first = folded(update('SNAPSHOT', 1, { [USDC]: 1n, [DAI]: 1n }));
  const second = fold(first, moved(2, 2n, '0x02'));
  const third = fold(second, moved(3, 3n, '0x03'));
  const merged = mergeUnread(second, third);
  expect(changed(merged)).toEqual([[USDC, 1n, 3n]]);
  expect(merged.changes[0]?.transactions).toEqual(['0x02', '0x03']);
  // What follows is folded from what was, not from what was merged for a reader.
  expect(third.changes[0]).toMatchObject({ previous: { amount: 2n }, transactions: ['0x03'] });
  const back = fold(third, { ...moved(4, 1n, '0x04'), cause: 'REORG' });
  expect(mergeUnread(merged, back).changes[0]).toMatchObject({
    previous: { amount: 1n },
    now: { amount: 1n },
    transactions: ['0x04'],
  });
});

test('who comes later is told of all there is as of something new', () => {
  const state = fold(
    folded(update('SNAPSHOT', 1, { [USDC]: 1n, [DAI]: 5n })),
    update('DIFF', 2, { [USDC]: 2n }),
  );
  const late = fromScratch(state);
  expect(late.kind).toBe('SNAPSHOT');
  expect(changed(late)).toEqual([
    [USDC, undefined, 2n],
    [DAI, undefined, 5n],
  ]);
});
