import { expect, test } from 'vitest';
import { type Address, NATIVE } from '../../chain/types.ts';
import { BaseError } from '../../errors.ts';
import { MAX_CONDITIONS, MAX_ITEMS, walletItems } from './wallet-items.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const CHAINS = new Set([1, 42161]);

type Asked = Parameters<typeof walletItems>[0][number];

const item = (rest: Partial<Asked> = {}): Asked => ({
  chainId: 1,
  owner: OWNER,
  tokens: [NATIVE, USDC],
  ...rest,
});
const times = <T>(n: number, value: T): T[] => Array(n).fill(value);

test('items are watched as they were asked for', () => {
  const conditions = [
    { token: USDC, below: 5n, above: null },
    { token: USDC, above: 0n },
    { token: NATIVE, changeOver: 2n ** 256n - 1n },
  ];
  expect(walletItems([item(), item({ chainId: 42161, tokens: [USDC, NATIVE], conditions })], CHAINS)).toEqual(
    [
      { chainId: 1, owner: OWNER, tokens: [NATIVE, USDC], conditions: [] },
      {
        chainId: 42161,
        owner: OWNER,
        tokens: [USDC, NATIVE],
        conditions: [
          { token: USDC, kind: 'BELOW', amount: 5n },
          { token: USDC, kind: 'ABOVE', amount: 0n },
          { token: NATIVE, kind: 'CHANGE_OVER', amount: 2n ** 256n - 1n },
        ],
      },
    ],
  );
});

test.each<[string, Asked[]]>([
  ['as many items as may be', times(MAX_ITEMS, item())],
  ['as many conditions as may be', [item({ conditions: times(MAX_CONDITIONS, { token: USDC, below: 1n }) })]],
  ['conditions that are none', [item({ conditions: [] }), item({ conditions: null })]],
])('%s', (_, items) => {
  expect(walletItems(items, CHAINS)).toHaveLength(items.length);
});

const good = [item(), item(), item()];

test.each<[string, Asked[], string]>([
  ['no items', [], 'items: expected 1 to 1000, found 0'],
  ['one item too many', times(MAX_ITEMS + 1, item()), 'items: expected 1 to 1000, found 1001'],
  ['an item of no tokens', [...good, item({ tokens: [] })], 'items[3].tokens: expected at least one'],
  [
    'a condition of a token that is not watched',
    [...good, item({ tokens: [NATIVE], conditions: [{ token: USDC, below: 1n }] })],
    "items[3].conditions[0].token: 0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48 is none of the item's tokens",
  ],
  [
    'a condition that says nothing',
    [...good, item({ conditions: [{ token: USDC }] })],
    'items[3].conditions[0]: expected exactly one of below, above and changeOver, found 0',
  ],
  [
    'a condition that says null',
    [
      item({
        conditions: [
          { token: USDC, below: 1n },
          { token: USDC, below: null },
        ],
      }),
    ],
    'items[0].conditions[1]: expected exactly one of below, above and changeOver, found 0',
  ],
  [
    'a condition that says two things',
    [...good, item({ conditions: [{ token: USDC, below: 0n, changeOver: 1n }] })],
    'items[3].conditions[0]: expected exactly one of below, above and changeOver, found 2',
  ],
  [
    'one condition too many, over all items',
    [
      item({ conditions: times(MAX_CONDITIONS, { token: USDC, below: 1n }) }),
      item({ conditions: [{ token: USDC, below: 1n }] }),
    ],
    'items: expected at most 10000 conditions in all, found 10001',
  ],
])('%s', (_, items, message) => {
  expect(refusal(items)).toEqual(['BAD_USER_INPUT', message]);
});

test('a chain that is not served is named, and the item that asks for it', () => {
  const refused = refusal([item(), item({ chainId: 5 })]);
  expect(refused).toEqual(['CHAIN_NOT_SERVED', 'items[1].chainId: chain 5 is not served']);
});

function refusal(items: Asked[]): [code: string, message: string] {
  try {
    walletItems(items, CHAINS);
  } catch (error) {
    if (error instanceof BaseError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it was not refused');
}
