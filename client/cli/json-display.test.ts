import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { type BalancesState, fold, unknown } from '../state.ts';
import type { Address, UpdateKind } from '../types.ts';
import { JsonDisplay } from './json-display.ts';

const OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';

function told(state: BalancesState, kind: UpdateKind, amount: bigint): BalancesState {
  const block = { number: amount, hash: '0xaa', timestamp: '2026-01-01T00:00:00Z' } as const;
  const token = {
    chainId: 1,
    address: USDC,
    symbol: 'USDC',
    name: null,
    decimals: 0,
    logoURI: null,
    native: false,
  };
  const balance = { chainId: 1, owner: OWNER, token, amount, formatted: `${amount}`, block } as const;
  const rest = { previousAmount: null, transactions: [`0x${amount}`], status: 'OK', reason: null } as const;
  const balances = [{ ...balance, ...rest }];
  return fold(state, { kind, cause: 'EVENT', block, balances, allowances: [], removed: [], via: 'service' });
}

it('a reader that is slow is told of several changes as one, from what it was told before', async () => {
  const output = new PassThrough({ highWaterMark: 1, encoding: 'utf8' });
  const display = new JsonDisplay({ server: 'http://127.0.0.1', output, errors: new PassThrough() });
  let state = told(unknown(), 'SNAPSHOT', 1n);
  display.state(state);
  for (const amount of [2n, 3n, 4n]) {
    state = told(state, 'DIFF', amount);
    display.state(state);
  }
  display.close();
  output.end();
  const lines: unknown[] = [];
  for await (const text of output)
    for (const line of `${text}`.trim().split('\n')) lines.push(JSON.parse(line));
  expect(lines).toMatchObject([
    { kind: 'snapshot', previous: null, now: '1' },
    { kind: 'change', previous: '1', now: '4', transactions: ['0x2', '0x3', '0x4'] },
  ]);
});
