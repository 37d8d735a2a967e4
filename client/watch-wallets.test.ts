import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { networkOf } from '../server/chain/networks.ts';
import { serveHttp, type TestServer } from '../server/test/http.ts';
import { balanceOf, ethereum, ScriptedService, updateOf } from '../server/test/service.ts';
import type { ConditionKind } from '../server/watch/update.ts';
import { type Address, type BalancesClient, createBalancesClient, type WalletItem } from './index.ts';

const ALICE: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';
const BOB: Address = '0x00000000219ab540356cbb839cbe05303d7705fa';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const NATIVE: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';
const ARBITRUM = 42161;
const ITEMS: readonly WalletItem[] = [
  { chainId: 1, owner: ALICE, tokens: [USDC, 'native'] },
  { chainId: 1, owner: BOB, tokens: [USDC] },
  { chainId: ARBITRUM, owner: ALICE, tokens: [USDC] },
];

let service: ScriptedService;
let server: TestServer;
let client: BalancesClient;

beforeEach(async () => {
  const arbitrum = networkOf(ARBITRUM);
  if (!arbitrum) throw new Error('Arbitrum is known');
  service = new ScriptedService(ethereum(), arbitrum);
  server = await serveHttp(service);
  client = createBalancesClient({ url: server.url });
});

afterEach(async () => {
  client.dispose();
  await server[Symbol.asyncDispose]();
});

type Source = ScriptedService['walletStreams'] extends Set<infer Stream> ? Stream : never;

/** The service's end of the newest stream, once one has been opened that was not there before. */
async function stream(before?: Source): Promise<Source> {
  return vi.waitFor(
    () => {
      const newest = [...service.walletStreams].at(-1);
      if (!newest || newest === before) throw new Error('no new stream');
      return newest;
    },
    { timeout: 10_000 },
  );
}

type Held = [owner: Address, token: Address, amount: bigint, ...crossed: ConditionKind[]];

function diff(chainId: number, cursor: string, ...held: Held[]) {
  const balances = held.map(([owner, token, amount, ...crossed]) => ({
    ...balanceOf(owner, token, amount),
    crossed,
  }));
  return { ...updateOf({ chainId, owner: ALICE }, cursor, {}), balances };
}

const snapshot = (chainId: number, cursor: string, ...held: Held[]) => ({
  ...diff(chainId, cursor, ...held),
  kind: 'SNAPSHOT' as const,
  cause: 'SUBSCRIBED' as const,
});

async function read<T>(states: AsyncIterator<T>): Promise<T> {
  const { value, done } = await states.next();
  if (done) throw new Error('the states ended');
  return value;
}

test('many wallets are watched, on each chain from when it has been read', async () => {
  const states = client.watchWallets({ items: ITEMS });
  const first = read(states);
  const source = await stream();
  expect(source.of).toEqual([
    { chainId: 1, owner: ALICE, tokens: [USDC, NATIVE], conditions: [] },
    { chainId: 1, owner: BOB, tokens: [USDC], conditions: [] },
    { chainId: ARBITRUM, owner: ALICE, tokens: [USDC], conditions: [] },
  ]);
  source.push(snapshot(ARBITRUM, 'c1', [ALICE, USDC, 4n]));
  const { changed, ...state } = await first;
  expect(state).toMatchObject({ chainId: ARBITRUM, kind: 'SNAPSHOT', cause: 'SUBSCRIBED', cursor: 'c1' });
  expect(changed.map(({ chainId, amount }) => [chainId, amount])).toEqual([[ARBITRUM, 4n]]);
  expect(state.balance(1, ALICE, USDC)).toBeUndefined();

  source.push(snapshot(1, 'c2', [ALICE, USDC, 1n], [ALICE, NATIVE, 2n ** 200n], [BOB, USDC, 3n]));
  const both = await read(states);
  expect(both.balance(1, ALICE, 'native')?.amount).toBe(2n ** 200n);
  expect(both.balance(1, BOB, USDC)?.amount).toBe(3n);
  expect(both.balance(ARBITRUM, ALICE, USDC)?.amount).toBe(4n);
  expect([...both.blocks.keys()].sort()).toEqual([1, ARBITRUM]);
});

test('conditions go exactly, and what they crossed comes back', async () => {
  const conditions = [
    { token: 'native', below: 10n ** 18n },
    { token: USDC, above: 2n ** 256n - 1n },
    { token: USDC, changeOver: 0n },
  ] as const;
  const states = client.watchWallets({
    items: [{ chainId: 1, owner: ALICE, tokens: ['native', USDC], conditions }],
  });
  const first = read(states);
  const source = await stream();
  expect(source.of[0]?.conditions).toEqual([
    { token: NATIVE, kind: 'BELOW', amount: 10n ** 18n },
    { token: USDC, kind: 'ABOVE', amount: 2n ** 256n - 1n },
    { token: USDC, kind: 'CHANGE_OVER', amount: 0n },
  ]);
  source.push(snapshot(1, 'c1', [ALICE, NATIVE, 5n, 'BELOW'], [ALICE, USDC, 1n]));
  expect((await first).changed.map(({ crossed }) => crossed)).toEqual([['BELOW'], []]);
  source.push(diff(1, 'c2', [ALICE, USDC, 2n, 'CHANGE_OVER']));
  expect((await read(states)).changed).toMatchObject([{ amount: 2n, crossed: ['CHANGE_OVER'] }]);
});

test('after a drop it resumes with the cursor of all chains, and a snapshot starts only its own chain over', async () => {
  const states = client.watchWallets({ items: ITEMS });
  const first = read(states);
  const source = await stream();
  source.push(snapshot(1, 'c1', [ALICE, USDC, 1n], [BOB, USDC, 3n]));
  await first;
  source.push(snapshot(ARBITRUM, 'c2', [ALICE, USDC, 4n]));
  await read(states);
  source.end();
  const resumed = await stream(source);
  expect(resumed.after).toBe('c2');
  expect(resumed.of).toEqual(source.of);
  resumed.push(snapshot(1, 'c3', [BOB, USDC, 5n]));
  const state = await read(states);
  expect(state.balance(1, ALICE, USDC)).toBeUndefined();
  expect(state.balance(1, BOB, USDC)?.amount).toBe(5n);
  expect(state.balance(ARBITRUM, ALICE, USDC)?.amount).toBe(4n);
});

test('who reads slowly is told of every alarm, though the balance has moved on', async () => {
  let received = '';
  client = createBalancesClient({
    url: server.url,
    async fetch(input, init) {
      const { body, status, headers } = await fetch(input, init);
      const decoder = new TextDecoder();
      const watching = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          received += decoder.decode(chunk, { stream: true });
          controller.enqueue(chunk);
        },
      });
      return new Response(body?.pipeThrough(watching) ?? null, { status, headers });
    },
  });
  const states = client.watchWallets({ items: ITEMS });
  const first = read(states);
  const source = await stream();
  source.push(snapshot(1, 'c0', [ALICE, USDC, 100n], [BOB, USDC, 100n]));
  await first;
  source.push(diff(1, 'c1', [ALICE, USDC, 1n, 'BELOW']), diff(1, 'c2', [BOB, USDC, 200n, 'ABOVE']));
  for (let i = 3; i < 200; i++) source.push(diff(1, `c${i}`, [ALICE, USDC, BigInt(i)]));
  source.push(diff(1, 'c200', [ALICE, USDC, 200n, 'ABOVE']));
  await vi.waitFor(() => expect(received).toContain('"c200"'));

  const crossed = new Map<string, Set<ConditionKind>>();
  let count = 0;
  for await (const state of states) {
    count++;
    for (const { owner, crossed: kinds } of state.changed) {
      const known = crossed.get(owner.toLowerCase()) ?? new Set();
      crossed.set(owner.toLowerCase(), new Set([...known, ...kinds]));
    }
    if (state.cursor !== 'c200') continue;
    expect(state.balance(1, ALICE, USDC)?.amount).toBe(200n);
    break;
  }
  expect(crossed.get(ALICE)).toEqual(new Set(['BELOW', 'ABOVE']));
  expect(crossed.get(BOB)).toEqual(new Set(['ABOVE']));
  expect(count).toBeLessThan(20);
  await vi.waitFor(() => expect(source.signal.aborted).toBe(true));
});

test.each<[string, readonly WalletItem[], string]>([
  ['no items', [], 'BAD_USER_INPUT'],
  ['a chain that is not served', [{ chainId: 5, owner: ALICE, tokens: [USDC] }], 'CHAIN_NOT_SERVED'],
])('%s: thrown, as trying again cannot mend it', async (_, items, code) => {
  const states = client.watchWallets({ items });
  await expect(states.next()).rejects.toMatchObject({ code });
  expect(await states.next()).toEqual({ done: true, value: undefined });
});

test('a server that is full is waited for', async () => {
  let refusals = 0;
  const answer = { errors: [{ message: 'full', extensions: { code: 'CAPACITY_EXCEEDED' } }] };
  client = createBalancesClient({
    url: server.url,
    fetch: (input, init) =>
      refusals++ ? fetch(input, init) : Promise.resolve(Response.json(answer, { status: 503 })),
  });
  const states = client.watchWallets({ items: ITEMS });
  const first = read(states);
  (await stream()).push(snapshot(1, 'c1', [ALICE, USDC, 1n]));
  expect((await first).cursor).toBe('c1');
});

test('an aborted signal ends it, at the server too', async () => {
  const control = new AbortController();
  const next = client.watchWallets({ items: ITEMS, signal: control.signal }).next();
  const source = await stream();
  control.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  await vi.waitFor(() => expect(source.signal.aborted).toBe(true));
});
