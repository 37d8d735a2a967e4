import { createPublicClient, encodeFunctionData, erc20Abi, http, parseAbi, webSocket } from 'viem';
import { anvil } from 'viem/chains';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  balanceOf,
  decodeResults,
  encodeCalls,
  firstWord,
  getEthBalance,
  SYMBOL,
} from '../chain/multicall/codec.ts';
import type { Address, Hex } from '../chain/types.ts';
import { startTestChain, type TestChain } from '../test/anvil.ts';
import { deployToken, mint, transfer } from '../test/contracts.ts';
import { token, wallet } from './fixtures.ts';
import { logsBloom } from './upstream/bloom.ts';
import { defaultBalance } from './upstream/chain.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/**
 * A benchmark is worth what its upstream is: whatever the server asks of it must be answered as a node does.
 * The same three transfers are in one block of an anvil and in one of the synthetic node.
 */
let real: Node;
let synthetic: Node & { upstream: Upstream };
const running = new AsyncDisposableStack();

interface Node {
  readonly client: ReturnType<typeof clientOf>;
  readonly token: Address;
  readonly alice: Address;
  readonly bob: Address;
  readonly blockHash: Hex;
}

const clientOf = (url: string) =>
  createPublicClient({ chain: anvil, transport: http(url, { retryCount: 0 }), cacheTime: 0 });

type Request = { method: string; params?: unknown };
const ask = (node: Node, method: string, params: unknown = []): Promise<unknown> =>
  node.client.request({ method, params } satisfies Request as never);

beforeAll(async () => {
  const chain = running.use(await startTestChain());
  real = await threeTransfersOn(chain);
  const upstream = running.use(await startUpstream());
  const [alice, bob, coin] = [wallet(1), wallet(2), token(1)];
  const moved = { token: coin, from: alice, to: bob };
  const { hash } = await upstream.call('mine', {
    transfers: [moved, { ...moved, from: bob, to: alice, amount: '5' }, { ...moved, amount: '7' }],
  });
  synthetic = { client: clientOf(upstream.httpUrl), token: coin, alice, bob, blockHash: hash, upstream };
});
afterAll(() => running.disposeAsync());

async function threeTransfersOn(chain: TestChain): Promise<Node> {
  const [alice, bob] = [await chain.newWallet(), await chain.newWallet()];
  const coin = await deployToken(chain);
  await mint(chain, coin, alice, 100n);
  await mint(chain, coin, bob, 100n);
  await chain.automine(false);
  await transfer(chain, coin, { from: alice, to: bob, amount: 1n });
  await transfer(chain, coin, { from: bob, to: alice, amount: 5n });
  await transfer(chain, coin, { from: alice, to: bob, amount: 7n });
  const { hash } = await chain.mine();
  return { client: clientOf(chain.url), token: coin, alice, bob, blockHash: hash };
}

/** The same value with every leaf replaced by what kind of value it is. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
  if (typeof value !== 'string' || !/^0x[0-9a-f]*$/.test(value)) return typeof value;
  return { 66: 'word', 42: 'address', 514: 'bloom' }[value.length] ?? 'hex';
}

/** All that the synthetic node says is said by the real one, and in the same form. */
async function expectSameShape(method: string, params: (node: Node) => unknown): Promise<void> {
  const [ours, theirs] = await Promise.all(
    [synthetic, real].map((node) => ask(node, method, params(node)).then(shapeOf)),
  );
  expect(theirs).toMatchObject(ours as object);
}

describe('answers in the form of a real node', () => {
  test('blocks, by height, hash and tag, with and without transactions', async () => {
    await expectSameShape('eth_getBlockByNumber', () => ['latest', false]);
    await expectSameShape('eth_getBlockByNumber', () => ['finalized', false]);
    await expectSameShape('eth_getBlockByHash', ({ blockHash }) => [blockHash, false]);
    await expectSameShape('eth_getBlockByHash', ({ blockHash }) => [blockHash, true]);
    for (const node of [synthetic, real]) {
      expect(await ask(node, 'eth_getBlockByNumber', ['0xffffff', false])).toBe(null);
      const block = await node.client.getBlock({ blockHash: node.blockHash, includeTransactions: true });
      expect(block.transactions).toHaveLength(3);
      expect(block.transactions[1]).toMatchObject({ from: node.bob, to: node.token });
      const parent = await node.client.getBlock({ blockNumber: block.number - 1n });
      expect(parent.hash).toBe(block.parentHash);
    }
  });

  test('logs', async () => {
    await expectSameShape('eth_getLogs', ({ blockHash, token: address }) => [{ blockHash, address }]);
  });

  test('the bloom of the logs', async () => {
    const block = await real.client.getBlock({ blockHash: real.blockHash });
    const logs = await real.client.getLogs({ blockHash: real.blockHash });
    expect(logsBloom(logs)).toBe(block.logsBloom);
  });

  test('what it is and where it stands', async () => {
    for (const method of ['eth_chainId', 'eth_blockNumber', 'net_version', 'web3_clientVersion'])
      await expectSameShape(method, () => []);
    await expectSameShape('eth_getBalance', ({ alice, blockHash }) => [alice, { blockHash }]);
  });

  test('new heads', async () => {
    const headOf = async (url: string, mine: () => Promise<unknown>): Promise<unknown> => {
      const client = createPublicClient({ transport: webSocket(url, { reconnect: false, retryCount: 0 }) });
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const { unsubscribe } = await client.transport.subscribe({
        params: ['newHeads'],
        onData: ({ result }) => resolve(result),
      });
      await mine();
      const head = await promise;
      await unsubscribe();
      (await client.transport.getRpcClient()).close();
      return head;
    };
    await using chain = await startTestChain();
    await using upstream = await startUpstream();
    const theirs = await headOf(chain.wsUrl, () => chain.mine());
    const ours = await headOf(upstream.wsUrl, () => upstream.call('mine', { transfers: [] }));
    expect(shapeOf(theirs)).toMatchObject(shapeOf(ours) as object);
  });

  test('a method, a block, a call that there is not', async () => {
    const unknown = `0x${'1'.repeat(64)}`;
    await expect(ask(synthetic, 'eth_frobnicate')).rejects.toMatchObject({ code: -32601 });
    await expect(ask(synthetic, 'eth_getLogs', [{ blockHash: unknown }])).rejects.toThrow('unknown block');
    const call = { to: synthetic.token, data: '0x12345678' };
    await expect(ask(synthetic, 'eth_call', [call, { blockHash: unknown }])).rejects.toThrow(
      'header not found',
    );
    for (const node of [synthetic, real])
      await expect(ask(node, 'eth_call', [{ ...call, to: node.token }, 'latest'])).rejects.toMatchObject({
        code: 3,
      });
  });
});

describe('finds the logs that a real node finds', () => {
  const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
  const OTHER = `0x${'2'.repeat(64)}`;
  const topic = (address: Address): Hex => `0x${address.slice(2).padStart(64, '0')}`;
  const filters: Record<string, (node: Node) => object> = {
    'of anything': () => ({}),
    'sent by Alice': ({ alice }) => ({ topics: [TRANSFER, topic(alice)] }),
    'received by Alice': ({ alice }) => ({ topics: [TRANSFER, null, topic(alice)] }),
    'received by either': ({ alice, bob }) => ({
      topics: [[OTHER, TRANSFER], null, [topic(alice), topic(bob)]],
    }),
    'in upper case': ({ bob }) => ({ topics: [null, [`0x${topic(bob).slice(2).toUpperCase()}`]] }),
    'of another event': () => ({ topics: [[OTHER]] }),
    'of an event with one topic more': () => ({ topics: [TRANSFER, null, null, OTHER] }),
    'of the token': ({ token: address }) => ({ address: [address] }),
    'of another contract': ({ alice }) => ({ address: alice }),
  };

  test.each(Object.entries(filters))('%s', async (_, filter) => {
    const [ours, theirs] = await Promise.all(
      [synthetic, real].map(async (node) => {
        const logs = await ask(node, 'eth_getLogs', [{ ...filter(node), blockHash: node.blockHash }]);
        return (logs as { data: string; logIndex: string }[]).map(({ data, logIndex }) => [data, logIndex]);
      }),
    );
    expect(ours).toEqual(theirs);
  });

  test('with viem as the client', async () => {
    const [event] = parseAbi(['event Transfer(address indexed from, address indexed to, uint256 value)']);
    for (const { client, blockHash, alice } of [synthetic, real]) {
      const logs = await client.getLogs({ blockHash, event, args: { from: alice } });
      expect(logs.map(({ args }) => args.value)).toEqual([1n, 7n]);
    }
  });
});

describe('Multicall3', () => {
  const abi = parseAbi([
    'function tryBlockAndAggregate(bool, (address target, bytes callData)[]) view returns (uint256, bytes32, (bool success, bytes returnData)[])',
  ]);
  const MULTICALL: Address = '0xca11bde05977b3631167028862be2a173976ca11';

  test('answers as the real one does, read by viem', async () => {
    const answers = await Promise.all(
      [synthetic, real].map(async ({ client, token: target, alice, bob, blockHash }) => {
        const calls = [alice, bob].map((owner) => ({
          target,
          callData: encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
        }));
        const [, hash, results] = await client.readContract({
          abi,
          address: MULTICALL,
          functionName: 'tryBlockAndAggregate',
          args: [false, [...calls, { target, callData: '0x12345678' }]],
          blockHash,
        });
        return [hash, results.map(({ success, returnData }) => [success, returnData.length])];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  test('reads balances as of the block it is pinned to', async () => {
    const { client, token: coin, alice, bob, blockHash } = synthetic;
    const { parentHash } = await client.getBlock({ blockHash });
    const calls = [
      { target: coin, data: balanceOf(alice) },
      { target: coin, data: balanceOf(bob) },
      { target: MULTICALL, data: getEthBalance(bob) },
    ];
    const read = async (at: Hex): Promise<unknown[]> => {
      const answer = await ask(synthetic, 'eth_call', [
        { to: MULTICALL, data: encodeCalls(calls) },
        { blockHash: at },
      ]);
      return decodeResults(answer, calls.length).map(({ data }) => Number(firstWord(data)));
    };
    const [before, after] = [await read(parentHash), await read(blockHash)];
    expect(before[0]).toBe(defaultBalance(coin, alice));
    const [aliceBefore, bobBefore, native] = before as number[];
    expect(after).toEqual([Number(aliceBefore) - 3, Number(bobBefore) + 3, native]);
  });

  test('reads what a token says of itself', async () => {
    const call = { to: MULTICALL, data: encodeCalls([{ target: synthetic.token, data: SYMBOL }]) };
    const [symbol] = decodeResults(await ask(synthetic, 'eth_call', [call, 'latest']), 1);
    const [direct] = await Promise.all([
      synthetic.client.readContract({ abi: erc20Abi, address: synthetic.token, functionName: 'symbol' }),
    ]);
    expect(Buffer.from(symbol?.data.slice(2) ?? '', 'hex').toString()).toContain(direct);
  });
});

test('accounts for every call and byte, batches call by call, and answers one round trip later', async () => {
  await using upstream = await startUpstream({ rttMs: 50 });
  const call = (id: number, method: string) => ({ jsonrpc: '2.0', id, method, params: [] });
  const send = async (body: string): Promise<string> =>
    (await fetch(upstream.httpUrl, { method: 'POST', body })).text();
  const batch = JSON.stringify([call(1, 'eth_chainId'), call(2, 'eth_blockNumber')]);
  const single = JSON.stringify(call(3, 'eth_chainId'));
  const startedAtMs = performance.now();
  const answers = [await send(batch), await send(single)];
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(100);
  expect(JSON.parse(answers[0] ?? '')).toMatchObject([{ id: 1, result: '0x7a69' }, { id: 2 }]);
  const stats = await upstream.call('stats', {});
  expect(stats).toMatchObject({ calls: 3, messages: 2, bytesIn: batch.length + single.length });
  expect(stats.bytesOut).toBe(answers.join('').length);
  expect(stats.methods.eth_chainId?.calls).toBe(2);
  await upstream.call('resetStats', {});
  expect(await upstream.call('stats', {})).toMatchObject({ calls: 0, bytesIn: 0, methods: {} });
});
