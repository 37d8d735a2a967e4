import { type Abi, erc20Abi, parseUnits } from 'viem';
import { expect, test } from 'vitest';
import { getBalanceQueryKey, readContractQueryKey, readContractsQueryKey } from 'wagmi/query';
import { getBalanceQueryKey as getBalanceQueryKeyOf2 } from 'wagmi-core-2/query';
import type { Address } from '../types.ts';
import { slotsOf } from './slots.ts';

const OWNER: Address = '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045';
const USDC: Address = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const NATIVE = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';

const balanceOf = { abi: erc20Abi as Abi, address: USDC, functionName: 'balanceOf', args: [OWNER] };
const names = (key: readonly unknown[]) =>
  slotsOf(key).slots.map(({ chainId, owner, token }) => [chainId, owner, token]);
const usdc = [1, OWNER.toLowerCase(), USDC.toLowerCase()];

test.each<[string, readonly unknown[], unknown[]]>([
  ['useBalance', getBalanceQueryKey({ address: OWNER, chainId: 1 }), [[1, OWNER.toLowerCase(), NATIVE]]],
  [
    'useBalance of the latest block, in a scope of its own',
    getBalanceQueryKey({ address: OWNER, chainId: 1, blockTag: 'latest', scopeKey: 'header' }),
    [[1, OWNER.toLowerCase(), NATIVE]],
  ],
  [
    'useBalance of a token, in wagmi 2',
    getBalanceQueryKeyOf2({ address: OWNER, chainId: 1, token: USDC, unit: 'ether' }),
    [usdc],
  ],
  ['useReadContract(balanceOf)', readContractQueryKey({ ...balanceOf, chainId: 1 }), [usdc]],
  [
    'useReadContracts, those that are balanceOf',
    readContractsQueryKey({
      contracts: [balanceOf, { ...balanceOf, functionName: 'symbol', args: [] }, balanceOf],
      chainId: 1,
    } as never),
    [usdc, usdc],
  ],
  ['a query of the application', ['todos', { page: 1 }], []],
  ['a query without parameters', ['balance'], []],
  ['no wallet yet', getBalanceQueryKey({ chainId: 1 }), []],
  ['useBalance at a block', getBalanceQueryKey({ address: OWNER, chainId: 1, blockNumber: 7n }), []],
  ['useBalance at block 0', getBalanceQueryKey({ address: OWNER, chainId: 1, blockNumber: 0n }), []],
  ['useBalance when safe', getBalanceQueryKey({ address: OWNER, chainId: 1, blockTag: 'safe' }), []],
  ['balanceOf at a block', readContractQueryKey({ ...balanceOf, chainId: 1, blockNumber: 7n }), []],
  ['balanceOf when pending', readContractQueryKey({ ...balanceOf, chainId: 1, blockTag: 'pending' }), []],
  ['balanceOf as somebody', readContractQueryKey({ ...balanceOf, chainId: 1, account: OWNER }), []],
  ['another function', readContractQueryKey({ ...balanceOf, functionName: 'nonces', chainId: 1 }), []],
  [
    'balanceOf of an ERC-1155',
    readContractQueryKey({ ...balanceOf, args: [OWNER, 7n], chainId: 1 } as never),
    [],
  ],
  ['balanceOf without a chain', readContractQueryKey(balanceOf), []],
  [
    'useReadContracts at a block',
    readContractsQueryKey({ contracts: [balanceOf], chainId: 1, blockNumber: 7n } as never),
    [],
  ],
])('of %s', (_, key, expected) => expect(names(key)).toEqual(expected));

const onlySlotOf = (key: readonly unknown[]) => {
  const [slot] = slotsOf(key).slots;
  if (!slot) throw new Error('there is no slot');
  return slot;
};

test.each<[string, Parameters<typeof getBalanceQueryKeyOf2>[0], object, bigint, object]>([
  [
    "wagmi 3's",
    {},
    { decimals: 18, symbol: 'ETH', value: 1n },
    5n,
    { decimals: 18, symbol: 'ETH', value: 5n },
  ],
  [
    "wagmi 2's, with its text",
    {},
    { decimals: 18, formatted: '0.1', symbol: 'ETH', value: 1n },
    parseUnits('1.5', 18),
    { decimals: 18, formatted: '1.5', symbol: 'ETH', value: parseUnits('1.5', 18) },
  ],
  [
    "wagmi 2's in a unit",
    { unit: 'gwei' },
    { decimals: 18, formatted: '0', symbol: 'ETH', value: 1n },
    1_500_000_000n,
    { decimals: 18, formatted: '1.5', symbol: 'ETH', value: 1_500_000_000n },
  ],
  [
    "wagmi 2's of a token, whatever the unit",
    { token: USDC, unit: 'ether' },
    { decimals: 6, formatted: '0', symbol: 'USDC', value: 0n },
    1_500_000n,
    { decimals: 6, formatted: '1.5', symbol: 'USDC', value: 1_500_000n },
  ],
])('data of useBalance keeps the shape of %s', (_, options, data, amount, expected) => {
  const slot = onlySlotOf(getBalanceQueryKeyOf2({ address: OWNER, chainId: 1, ...options }));
  expect(slot.write(data, amount)).toEqual(expected);
  expect(slot.read(slot.write(data, amount))).toBe(amount);
});

test('of many calls in one query only the balances are replaced, failed ones and others left as they are', () => {
  const key = readContractsQueryKey({
    contracts: [{ ...balanceOf, functionName: 'symbol', args: [] }, balanceOf, balanceOf],
    chainId: 1,
  } as never);
  const { slots, areAll } = slotsOf(key);
  const data = [
    { status: 'success', result: 'USDC' },
    { status: 'success', result: 1n },
    { status: 'failure', error: new Error('reverted') },
  ];
  expect(areAll).toBe(false);
  expect(slots.map(({ read }) => read(data))).toEqual([1n, undefined]);
  expect(slots[0]?.write(data, 5n)).toEqual([data[0], { status: 'success', result: 5n }, data[2]]);
  expect(slots[0]?.write(['USDC', 1n, 2n], 5n)).toEqual(['USDC', 5n, 2n]);
});

test('data in a shape that is not wagmi’s is nobody’s to write', () => {
  expect(onlySlotOf(getBalanceQueryKey({ address: OWNER, chainId: 1 })).read({ amount: 5 })).toBeUndefined();
  // An ABI may say that balanceOf answers a small number, which viem makes a `number` of.
  expect(onlySlotOf(readContractQueryKey({ ...balanceOf, chainId: 1 })).read(5)).toBeUndefined();
});
