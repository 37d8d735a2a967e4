import {
  type BalancesState,
  fold,
  type Token,
  type WalletUpdate,
  type WatchedBalance,
} from '@balance-stream/client';
import { expect, test } from 'vitest';
import { viewed } from './balances/order.ts';
import { beginning, type Story, told } from './story.ts';

const OWNER = `0x${'0a'.repeat(20)}` as const;
const at = (seconds: number) => new Date(seconds * 1000);

function token(symbol: string, digit: string): Token {
  const address = `0x${digit.repeat(40)}` as const;
  return { chainId: 1, address, symbol, name: symbol, decimals: 0, logoURI: null, native: false };
}

const GOLD = token('GOLD', '1');
const SILVER = token('SILVER', '2');

function balance(token: Token, amount: bigint | null, block = 1): WatchedBalance {
  const hash = `0x${`${block}`.padStart(64, '0')}` as const;
  return {
    chainId: 1,
    owner: OWNER,
    token,
    amount,
    formatted: amount?.toString() ?? null,
    previousAmount: null,
    transactions: [hash],
    block: { number: BigInt(block), hash, timestamp: at(block).toISOString() },
    status: amount === null ? 'UNREADABLE' : 'OK',
    reason: amount === null ? 'it reverts' : null,
  };
}

const NOTHING: BalancesState = {
  balances: new Map(),
  changes: [],
  allowances: Object.assign([], { get: () => undefined, size: 0 }),
  changedAllowances: [],
  block: null,
  kind: null,
  cause: null,
  status: {
    state: 'connecting',
    since: at(0),
    head: null,
    lastUpdate: null,
    retries: 0,
    error: null,
    via: 'service',
  },
};

/** What the page knows after some updates, and the story that they make; each a second after the one before. */
function after(...updates: readonly Partial<WalletUpdate>[]): { state: BalancesState; story: Story } {
  let [state, story] = [NOTHING, beginning(at(0))];
  for (const [index, update] of updates.entries()) {
    const block = update.balances?.[0]?.block ?? balance(GOLD, 0n, index + 1).block;
    const whole = {
      kind: 'DIFF',
      cause: 'EVENT',
      balances: [],
      allowances: [],
      removed: [],
      via: 'service',
      block,
    } as const;
    state = fold(state, { ...whole, ...update });
    story = told(story, state, at(index + 1));
  }
  return { state, story };
}

const FIRST = { kind: 'SNAPSHOT', balances: [balance(GOLD, 5n), balance(SILVER, 0n)] } as const;

test('what is there in the beginning has not changed; what changes then is told, the newest first', () => {
  const { story } = after(
    FIRST,
    { balances: [balance(GOLD, 7n, 2)] },
    { balances: [balance(SILVER, 3n, 3), balance(GOLD, 1n, 3)] },
  );
  expect(story.events.map(({ token, difference, now }) => [token.symbol, difference, now])).toEqual([
    ['GOLD', -6n, '1'],
    ['SILVER', 3n, '3'],
    ['GOLD', 2n, '7'],
  ]);
  expect(new Set(story.events.map(({ id }) => id)).size).toBe(3);
  expect(story.newest.get(GOLD.address)).toBe(story.events[0]);
  expect(story.courses.get(GOLD.address)?.map(({ amount }) => amount)).toEqual([5n, 7n, 1n]);
});

test('the same amount in another block is nothing to tell; a token that cannot be read any more is', () => {
  const same = { ...FIRST, balances: [balance(GOLD, 5n, 9), balance(SILVER, 0n, 9)] };
  expect(after(FIRST, same).story.events).toEqual([]);
  const [event] = after(FIRST, { balances: [balance(GOLD, null, 2)] }).story.events;
  expect(event).toMatchObject({ token: GOLD, difference: null, now: null });
});

test('of very many changes the whole time stays in view, and no more is kept than is shown', () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({
    balances: [balance(GOLD, BigInt(index + 10), index + 2)],
  }));
  const { story } = after(FIRST, ...many);
  const points = story.courses.get(GOLD.address) ?? [];
  expect(points.length).toBeLessThanOrEqual(120);
  expect([points[0]?.amount, points.at(-1)?.amount]).toEqual([5n, 1009n]);
  expect(story.events).toHaveLength(100);
});

test('a view is sorted by worth as a number, by name as people do, and by what changed last', () => {
  const TIN = token('tin', '3');
  const BROKEN = token('Broken', '4');
  const { state, story } = after(
    {
      kind: 'SNAPSHOT',
      balances: [balance(SILVER, 10n), balance(TIN, 0n), balance(GOLD, 9n), balance(BROKEN, null)],
    },
    { balances: [balance(TIN, 2n, 2)] },
    { balances: [balance(GOLD, 9n, 3), balance(TIN, 0n, 3)] },
  );
  const names = (
    by: 'symbol' | 'amount' | 'change',
    direction: 'ascending' | 'descending',
    hideZeros = false,
  ) =>
    viewed(state.balances.values(), story, { search: '', hideZeros, order: { by, direction } }).map(
      ({ token }) => token.symbol,
    );
  expect(names('symbol', 'ascending')).toEqual(['Broken', 'GOLD', 'SILVER', 'tin']);
  expect(names('amount', 'descending')).toEqual(['SILVER', 'GOLD', 'tin', 'Broken']);
  expect(names('change', 'descending')).toEqual(['tin', 'Broken', 'GOLD', 'SILVER']);
  const COIN = { ...token('ETH', 'e'), native: true };
  const UNNAMED = { ...token('', '0'), symbol: null };
  const all = [balance(UNNAMED, 1n), balance(GOLD, 1n), balance(COIN, 1n)];
  const byName = { search: '', hideZeros: false, order: { by: 'symbol', direction: 'ascending' } } as const;
  expect(viewed(all, story, byName).map(({ token }) => token.symbol)).toEqual(['ETH', 'GOLD', null]);
  // What cannot be read is not nothing.
  expect(names('symbol', 'ascending', true)).toEqual(['Broken', 'GOLD', 'SILVER']);
});
