import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deploy, deployManyTokens, deployToken, mint, transferMany } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** What is asked of the node, counted between the server and a real one: it follows blocks, never clients. */
let chain: TestChain;
let proxy: NodeProxy;
let app: App;
let gold: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  proxy = await startNodeProxy(chain);
  app = await startTestApp({ chainId: chain.chainId, url: proxy.url, wsUrl: proxy.wsUrl, weth: chain.weth });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

function watch(owner: Address, ...customTokens: Address[]): Watcher {
  return new Watcher(app, { chainId: chain.chainId, owner, customTokens });
}

/** The server has processed the head and has nothing left to read. */
async function quiet(server: App): Promise<void> {
  await eventually(async () => {
    const { number } = await chain.head();
    const { json } = await rest(server, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ head: { number }, pendingTouches: 0 }] });
  });
}

describe('upstream cost', () => {
  it('50 transfers in one block make one diff and one read', async () => {
    const owner = await chain.newWallet();
    const payer = await deploy(chain, 'Payer');
    await mint(chain, gold, payer, 1000n);
    using watcher = watch(owner, gold);
    await watcher.snapshot();
    await quiet(app);
    proxy.reset();
    await transferMany(chain, gold, { from: payer, to: owner, amount: 2n }, 50);
    await eventually(() => expect(watcher.amount(gold)).toBe(100n));
    expect(watcher.states).toHaveLength(2);
    expect(proxy.count('eth_call')).toBe(1);
    expect(proxy.count('eth_getLogs')).toBe(2);
    // The block's transactions, for who paid whom.
    expect(proxy.count('eth_getBlockByHash')).toBe(1);
  });

  it('two streams of one wallet make one set of reads', async () => {
    const owner = await chain.newWallet();
    using first = watch(owner, gold);
    await first.snapshot();
    proxy.reset();
    using second = watch(owner, gold);
    await second.snapshot();
    expect(proxy.count('eth_call')).toBe(0);
    await mint(chain, gold, owner, 3n);
    await eventually(() => expect([first.amount(gold), second.amount(gold)]).toEqual([3n, 3n]));
    expect(proxy.count('eth_call')).toBe(1);
    expect(proxy.count('eth_getLogs')).toBe(2);
    expect(proxy.count('eth_getBlockByHash')).toBe(1);
  });

  it('1,000 tokens are read in three calls, once', async () => {
    const owner = await chain.newWallet();
    const tokens = await deployManyTokens(chain, 1000, { owner });
    await quiet(app);
    proxy.reset();
    await rest(app, 'POST', `/${chain.chainId}/sessions/${owner}`, { body: { customTokens: tokens } });
    // 3 × 500 holds them all; native balances of the blocks before may still have been due.
    await eventually(() => expect(proxy.count('eth_call')).toBeGreaterThanOrEqual(3));
    using watcher = watch(owner, ...tokens);
    expect((await watcher.snapshot()).balances.size).toBe(1002);
    // The balances were known; the metadata of 166 tokens fit a call.
    expect(proxy.count('eth_call')).toBeLessThanOrEqual(3 + 1 + Math.ceil(1001 / 166));
  });

  // Whether 200 requests do arrive together is up to the machine, which has other things to do: it may try again.
  it('200 one-off reads that arrive together make at most three calls', { retry: 3 }, async () => {
    const owners = await Promise.all([...Array(10)].map(() => chain.newWallet(5n)));
    proxy.reset();
    const query = '{ balances: balance(owner: "OWNER", token: "native") { amount } }';
    const answers = await Promise.all(
      [...Array(200)].map(async (_, index) => {
        const response = await fetch(`${app.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: query.replace('OWNER', owners[index % 10] ?? NATIVE) }),
        });
        return await response.json();
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ data: { balances: { amount: '5' } } })]),
    );
    expect(proxy.count('eth_call')).toBeLessThanOrEqual(3);
  });

  it('in one request, too, aliases share a call', async () => {
    const owner = await chain.newWallet(5n);
    proxy.reset();
    const fields = [gold, chain.weth, 'native'].map(
      (t, i) => `b${i}: balance(owner: "${owner}", token: "${t}") { amount }`,
    );
    const { json } = await rest(app, 'POST', '/graphql', { body: { query: `{ ${fields.join(' ')} }` } });
    expect(json).toEqual({ data: { b0: { amount: '0' }, b1: { amount: '0' }, b2: { amount: '5' } } });
    expect(proxy.count('eth_call')).toBe(1);
  });

  it('does not scan for anybody when nobody is watched', async () => {
    await using idle = await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl });
    await app[Symbol.asyncDispose]();
    await chain.mine();
    await quiet(idle);
    proxy.reset();
    await chain.mine(5);
    await quiet(idle);
    const methods = ['eth_getLogs', 'eth_getBlockByHash', 'eth_call'];
    expect(methods.map((method) => proxy.count(method))).toEqual([0, 0, 0]);
  });
});
