import { createPublicClient, http } from 'viem';
import { anvil } from 'viem/chains';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { networkOf } from '../../server/chain/networks.ts';
import { RetryableError } from '../../server/errors.ts';
import { startTestChain, type TestChain } from '../../server/test/anvil.ts';
import { eventually } from '../../server/test/app.ts';
import { deployToken, mint } from '../../server/test/contracts.ts';
import { serveHttp, type TestServer } from '../../server/test/http.ts';
import { blockAt, ScriptedService, updateOf } from '../../server/test/service.ts';
import type { Update } from '../../server/watch/update.ts';
import { type BalancesState, createBalancesClient } from '../index.ts';
import type { Address } from '../types.ts';
import { directRpc } from './index.ts';

/** A service that is back, and may have come less far than the node had. What the node says is said by a real one. */
let chain: TestChain;
let gold: Address;
let owner: Address;
let service: ScriptedService;
let server: TestServer;
let running: AsyncDisposableStack;
let isAway: boolean;
let states: BalancesState[];

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
});
afterAll(() => chain?.[Symbol.asyncDispose]());

beforeEach(async () => {
  running = new AsyncDisposableStack();
  owner = await chain.newWallet();
  const network = networkOf(chain.chainId);
  if (!network) throw new Error('viem knows anvil');
  service = new ScriptedService(network);
  service.metadata.set(gold, { symbol: 'GOLD', name: 'Gold', decimals: 18, logoURI: null });
  server = running.use(await serveHttp(service));
  isAway = false;
  states = [];
  const node = createPublicClient({ chain: anvil, transport: http(chain.url) });
  const client = createBalancesClient({
    url: server.url,
    fetch: (...args) => (isAway ? Promise.reject(new TypeError('no way there')) : fetch(...args)),
    fallback: directRpc(node, { intervalMs: 100, delayMs: 50 }),
  });
  running.defer(() => client.dispose());
  const watched = { chainId: chain.chainId, owner, customTokens: [gold] };
  client.watchBalances(watched, (state) => states.push(state));
  await says(0n);
  await eventually(() => expect(latest()).toMatchObject({ amount: 0n, state: 'live', via: 'service' }));
});
afterEach(() => running.disposeAsync());

function latest() {
  const state = states.at(-1);
  return { amount: state?.balances.get(gold)?.amount, block: state?.block?.number, ...state?.status };
}

/** An update to whoever listens, of block 1 unless it says otherwise. */
async function says(amount: bigint, rest: Partial<Update> = {}): Promise<void> {
  const stream = await eventually(() => {
    const [open] = service.streams;
    if (!open) throw new Error('nobody listens');
    return open;
  });
  const first = { kind: 'SNAPSHOT', cause: 'SUBSCRIBED', block: blockAt(1) } as const;
  stream.push(updateOf(stream.of, 'c1', { [gold]: amount }, { ...first, ...rest }));
}

/** The service goes, the wallet is paid, and the node says so. Resolves with the height at which it does. */
async function paidMeanwhile(amount: bigint): Promise<number> {
  isAway = true;
  for (const stream of service.streams) stream.end(new RetryableError('UPSTREAM_UNAVAILABLE', 'going'));
  await eventually(() => expect(latest()).toMatchObject({ state: 'live', via: 'rpc' }));
  await mint(chain, gold, owner, amount);
  await eventually(() => expect(latest()).toMatchObject({ amount, via: 'rpc' }));
  isAway = false;
  return (await chain.head()).number;
}

const amounts = () => states.map(({ balances }) => balances.get(gold)?.amount);

test('what it does not know yet it is not believed to know better', async () => {
  const height = await paidMeanwhile(5n);
  await says(0n);
  await chain.mine();
  await eventually(() =>
    expect(latest()).toMatchObject({ amount: 5n, via: 'rpc', block: BigInt(height + 1) }),
  );
  await says(5n, { kind: 'DIFF', cause: 'EVENT', block: blockAt(height) });
  await eventually(() => expect(latest()).toMatchObject({ amount: 5n, state: 'live', via: 'service' }));
  const told = amounts();
  expect(told.slice(told.indexOf(5n))).not.toContain(0n);
});

test('where it says the same it takes over at once, whatever its block', async () => {
  await paidMeanwhile(5n);
  await says(5n, { kind: 'DIFF', cause: 'SUBSCRIBED' });
  await eventually(() => expect(latest()).toMatchObject({ amount: 5n, block: 1n, via: 'service' }));
});

test('where it goes on saying otherwise, as after a reorganisation, it is believed in the end', async () => {
  await paidMeanwhile(5n);
  await says(0n);
  await eventually(() => expect(latest()).toMatchObject({ amount: 0n, state: 'live', via: 'service' }));
  await says(1n, { kind: 'DIFF', cause: 'EVENT', block: blockAt(2) });
  await eventually(() => expect(latest()).toMatchObject({ amount: 1n, block: 2n, via: 'service' }));
});

test('where it goes once more while it is waited for, the node goes on', async () => {
  await paidMeanwhile(5n);
  await says(0n);
  await eventually(() => expect([...service.streams].every(({ backlog }) => backlog === 0)).toBe(true));
  isAway = true;
  for (const stream of service.streams) stream.end(new RetryableError('UPSTREAM_UNAVAILABLE', 'going'));
  const before = states.length;
  // Longer than it would have been waited for.
  for (const untilMs = performance.now() + 6000; performance.now() < untilMs; ) {
    const had = latest().amount ?? 0n;
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(latest()).toMatchObject({ amount: had + 1n, via: 'rpc' }));
  }
  expect(states.slice(before).filter(({ status }) => status.via === 'service')).toEqual([]);
});

test('what it said before the node was asked is told anew where it resumes with nothing', async () => {
  await paidMeanwhile(5n);
  const stream = await eventually(() => {
    const [open] = service.streams;
    if (!open) throw new Error('nobody listens');
    return open;
  });
  expect(stream.after).toBe('c1');
  stream.push(updateOf(stream.of, 'c2', {}, { cause: 'SUBSCRIBED', block: blockAt(1_000_000) }));
  await eventually(() => expect(latest()).toMatchObject({ amount: 0n, block: 1_000_000n, via: 'service' }));
});
