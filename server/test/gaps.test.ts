import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { BODIES_OF_A_SCAN } from '../chain/bodies.ts';
import { SCANNED_ALWAYS } from '../chain/plan.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployManyTokens, deployToken, mint, pay, transfer } from './contracts.ts';
import { eventsOf, type WireEvent } from './events.ts';
import { Follower } from './follower.ts';
import { failure, type NodeProxy, type Passing, result, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Blocks that nobody told us of are had all the same: none is skipped, however many there are. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

async function start(environment = {}): Promise<App> {
  return running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment));
}

async function watch(app: App, ...customTokens: Address[]): Promise<Watcher> {
  const watcher = running.use(
    new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold, ...customTokens] }),
  );
  await watcher.snapshot();
  return watcher;
}

async function isQuiet(app: App): Promise<void> {
  await eventually(async () => {
    const { number, hash } = await chain.head();
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ healthy: true, head: { number, hash }, pendingTouches: 0 }] });
  });
}

async function agrees(watcher: Watcher, ...tokens: Address[]): Promise<void> {
  await eventually(async () => {
    for (const token of [gold, NATIVE, ...tokens])
      expect(watcher.amount(token)).toBe(await balanceOf(chain, token, owner));
  });
}

/** So many blocks, with a transfer to the owner in the first, the middle and the last. */
async function mineGap(blocks: number): Promise<readonly Hash[]> {
  const before = (await chain.head()).number;
  const middle = Math.floor(blocks / 2);
  const hashes = [await mint(chain, gold, owner, 1n)];
  await mineEmpty(middle - 1);
  if (blocks > 2) hashes.push(await mint(chain, gold, owner, 10n));
  await mineEmpty(blocks - middle - 2);
  hashes.push(await mint(chain, gold, owner, 100n));
  expect((await chain.head()).number - before).toBe(blocks);
  return hashes;
}

/** A few at a time: a busy node would not answer soon enough to very many. */
async function mineEmpty(blocks: number): Promise<void> {
  for (let left = blocks; left > 0; left -= 200) await chain.mine(Math.min(200, left));
}

function transactionsOf(watcher: Watcher): readonly string[] {
  return watcher.states.flatMap(({ changes }) => changes.flatMap(({ transactions }) => transactions));
}

/** Nothing answers any more, and every connection is cut. */
function goDown(): void {
  proxy.fault = () => Promise.reject(new Error('there is nobody'));
  proxy.loseHeads = true;
  proxy.dropSockets();
}

function comeBack(): void {
  proxy.loseHeads = false;
  proxy.fault = undefined;
}

/** Every request that the proxy lets through, from now on; the fault goes first. */
function record(fault: NodeProxy['fault'] = (_, node) => node()): Passing[] {
  const requests: Passing[] = [];
  proxy.fault = async (request, node) => {
    requests.push(request);
    return await fault(request, node);
  };
  return requests;
}

describe('a gap', () => {
  it.each([2, SCANNED_ALWAYS])(
    'of %i blocks is scanned: each change with its transaction',
    async (blocks) => {
      const app = await start();
      const watcher = await watch(app);
      await isQuiet(app);
      proxy.loseHeads = true;
      const transactions = await mineGap(blocks);
      proxy.reset();
      proxy.loseHeads = false;
      await chain.mine();
      await isQuiet(app);
      await agrees(watcher);
      expect(watcher.states).toHaveLength(2);
      expect(watcher.latest).toMatchObject({ kind: 'DIFF', cause: 'EVENT' });
      expect(transactionsOf(watcher)).toEqual(transactions);
      expect(proxy.count('eth_getLogs')).toBe(2 * (blocks + 1));
      expect(proxy.count('eth_getBlockByNumber')).toBe(blocks);
      expect(proxy.count('eth_getBlockByHash')).toBe(blocks + 1);
    },
  );

  it.each([SCANNED_ALWAYS + 1, 300, 2000])(
    'of %i blocks, with few balances to read, is passed over and they are read',
    { timeout: 60_000 },
    async (blocks) => {
      const app = await start();
      const watcher = await watch(app);
      await isQuiet(app);
      goDown();
      await mineGap(blocks);
      await pay(chain, { from: chain.deployer, to: owner, amount: 7n });
      proxy.reset();
      comeBack();
      await isQuiet(app);
      await agrees(watcher);
      expect(watcher.states).toHaveLength(2);
      expect(watcher.latest).toMatchObject({ kind: 'DIFF', cause: 'RECONCILED' });
      expect(proxy.count('eth_getLogs')).toBe(0);
      expect(proxy.count('eth_call')).toBeLessThanOrEqual(2);
    },
  );

  it('of 17 blocks, with very many balances, is scanned because that is less', {
    timeout: 60_000,
  }, async () => {
    // 17 blocks are 51 requests, and so many balances are more reads than that.
    const tokens = await deployManyTokens(chain, 999, { owner });
    const app = await start();
    const watcher = await watch(app, ...tokens);
    for (let wallet = 0; wallet < 26; wallet += 1) {
      const path = `/${chain.chainId}/sessions/${await chain.newWallet()}`;
      const { status } = await rest(app, 'POST', path, { body: { customTokens: tokens } });
      expect(status).toBe(200);
    }
    await isQuiet(app);
    // On a slow machine part of the gap is heard of, by polling, before it is over: that counts, too.
    proxy.reset();
    proxy.loseHeads = true;
    const transactions = await mineGap(17);
    proxy.loseHeads = false;
    await chain.mine();
    await isQuiet(app);
    await agrees(watcher);
    expect(transactionsOf(watcher)).toEqual(transactions);
    expect(proxy.count('eth_getLogs')).toBe(2 * 18);
    // To read everything would be 54.
    expect(proxy.count('eth_call')).toBeLessThanOrEqual(10);
  });

  it('through which a touch waited to be read costs it nothing', async () => {
    const app = await start();
    const watcher = await watch(app);
    await isQuiet(app);
    proxy.fault = async (request, node) =>
      request.method === 'eth_call' ? failure(request, -32005, 'limit exceeded') : await node();
    const first = await mint(chain, gold, owner, 5n);
    await eventually(async () =>
      expect((await rest(app, 'GET', '/health')).json).toMatchObject({
        chains: [{ pendingTouches: 2, healthy: false, lastError: expect.stringContaining('limit exceeded') }],
      }),
    );
    proxy.loseHeads = true;
    const transactions = await mineGap(5);
    proxy.loseHeads = false;
    await chain.mine();
    proxy.fault = undefined;
    await isQuiet(app);
    await agrees(watcher);
    expect(transactionsOf(watcher)).toEqual([first, ...transactions]);
  });
});

describe('a gap that millions of balances would make us scan', () => {
  const NEVER_ALL = 1e9;

  async function follow(): Promise<Follower> {
    const follower = running.use(
      new Follower({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, [owner], NEVER_ALL),
    );
    await eventually(() => expect(follower.advances).toHaveLength(1));
    return follower;
  }

  /** The gap is behind the follower, in one advance, with these transactions in their order. */
  async function isBehind(follower: Follower, transactions: readonly Hash[]): Promise<void> {
    const { hash } = await chain.head();
    await expect.poll(() => follower.latest?.tip.hash, { timeout: 50_000 }).toBe(hash);
    const complete = follower.advances.slice(1);
    expect(complete.every((advance) => advance.complete && advance.forkedAbove === undefined)).toBe(true);
    const touches = complete.flatMap((advance) => advance.touches);
    expect(touches.filter((touch) => touch.owner === owner).map(({ transaction }) => transaction)).toEqual(
      transactions,
    );
  }

  /** What was remembered is linked without a hole. */
  function isLinked({ lineage }: Follower): void {
    const { tip, floor } = lineage;
    for (let number = (floor ?? 0) + 1; number <= (tip?.number ?? 0); number += 1)
      expect(lineage.at(number)?.parentHash).toBe(lineage.at(number - 1)?.hash);
  }

  it.each([BODIES_OF_A_SCAN, BODIES_OF_A_SCAN + 1])(
    'of %i blocks altogether, and who paid whom in them is asked where they are few',
    async (blocks) => {
      const follower = await follow();
      goDown();
      await chain.mine(blocks);
      comeBack();
      const requests = record();
      await isBehind(follower, []);
      const asked = requests.filter(({ method, params }) => method === 'eth_getBlockByHash' && params[1]);
      const bodies = blocks > BODIES_OF_A_SCAN ? 0 : blocks;
      expect(asked).toHaveLength(bodies);
      expect(follower.latest?.bodies).toHaveLength(bodies);
    },
  );

  it.each([300, 2000])(
    'of %i blocks: each is asked for once, and all in one step',
    { timeout: 90_000 },
    async (blocks) => {
      const follower = await follow();
      goDown();
      const transactions = await mineGap(blocks);
      comeBack();
      const requests = record();
      await isBehind(follower, transactions);
      isLinked(follower);
      expect(follower.advances).toHaveLength(2);
      expect(follower.gaps).toEqual([blocks - 1]);
      // Whether a head so far ahead is there at all is asked besides, by its hash.
      const asked = requests
        .filter(({ method, params }) => /eth_getLogs|ByNumber/.test(method) && params[0] !== 'latest')
        .map(({ method, params }) => `${method} ${JSON.stringify(params)}`);
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked).toHaveLength(2 * blocks + (blocks - 1));
    },
  );

  it('gets on with an endpoint that fails at every 50th request', { timeout: 90_000 }, async () => {
    const follower = await follow();
    proxy.loseHeads = true;
    const transactions = await mineGap(600);
    let count = 0;
    const requests = record(async (request, node) => {
      count += 1;
      return count % 50 === 0 ? failure(request, -32603, 'Internal error') : await node();
    });
    proxy.loseHeads = false;
    await chain.mine();
    await isBehind(follower, transactions);
    isLinked(follower);
    // What had been had was not asked for again: a failure costs a probe or two, asking for the head, and a block.
    expect(requests.length).toBeLessThan(1.3 * 3 * 600);
    expect(follower.gaps).toEqual([600]);
  });

  it('goes on where it was after an endpoint was down in the middle, and the chain moved on meanwhile', async () => {
    const follower = await follow();
    proxy.loseHeads = true;
    const transactions = [...(await mineGap(100))];
    let isDown = false;
    const requests = record(async (_, node) => {
      const scans = requests.filter(({ method }) => method === 'eth_getLogs').length;
      isDown ||= scans === 100;
      if (isDown) throw new Error('there is nobody');
      return await node();
    });
    proxy.loseHeads = false;
    await chain.mine();
    await eventually(() => expect(isDown).toBe(true));
    transactions.push(...(await mineGap(40)));
    const again = record();
    await isBehind(follower, transactions);
    isLinked(follower);
    // 101 blocks are 202 filters, of which some 90 were answered; and 40 blocks are 80 more.
    expect(again.filter(({ method }) => method === 'eth_getLogs').length).toBeLessThan(202 + 80 - 80);
    const headers = again.filter(
      ({ method, params }) => method === 'eth_getBlockByNumber' && params[0] !== 'latest',
    );
    expect(headers.length).toBeLessThanOrEqual(40);
  });

  it('has no hole where an endpoint answers from another branch in the middle of the walk', async () => {
    const follower = await follow();
    const { number } = await chain.head();
    proxy.loseHeads = true;
    await mineGap(60);
    const others = new Map<string, unknown>();
    for (let height = number + 1; height <= number + 60; height += 7)
      others.set(`0x${height.toString(16)}`, await blockAt(height));
    await chain.reorg(60);
    const transactions = [await mint(chain, gold, owner, 3n), ...(await mineGap(10))];
    record(async (request, node) => {
      const other = request.method === 'eth_getBlockByNumber' && others.get(String(request.params[0]));
      return other ? result(request, other) : await node();
    });
    proxy.loseHeads = false;
    await chain.mine();
    await isBehind(follower, transactions);
    isLinked(follower);
  });

  it('knows which wallets it did not know of when it began', async () => {
    const follower = await follow();
    proxy.loseHeads = true;
    const transactions = await mineGap(40);
    let isFailing = true;
    const requests = record(async (request, node) => {
      const scans = requests.filter(({ method }) => method === 'eth_getLogs').length;
      return isFailing && scans > 20 ? failure(request, -32603, 'Internal error') : await node();
    });
    proxy.loseHeads = false;
    await chain.mine();
    await eventually(() => expect(requests.length).toBeGreaterThan(70));
    follower.wallets = { ...follower.wallets, version: 2, owners: [owner, await chain.newWallet()] };
    isFailing = false;
    await isBehind(follower, transactions);
    // Some of it was scanned before the second wallet came: whoever reads on must know.
    expect(follower.latest?.walletsVersion).toBe(1);
    await chain.mine();
    await eventually(() => expect(follower.latest?.walletsVersion).toBe(2));
  });

  it('can be left in the middle', async () => {
    const follower = await follow();
    proxy.loseHeads = true;
    await mineGap(300);
    const scanning = Promise.withResolvers<void>();
    const requests = record(async (request, node) => {
      if (request.method === 'eth_getLogs') scanning.resolve();
      return await node();
    });
    proxy.loseHeads = false;
    await chain.mine();
    await scanning.promise;
    await follower[Symbol.asyncDispose]();
    expect(follower.advances).toHaveLength(1);
    expect(requests.length).toBeLessThan(300 + 100);
  });

  async function blockAt(height: number): Promise<unknown> {
    const response = await fetch(chain.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'eth_getBlockByNumber',
        params: [`0x${height.toString(16)}`, false],
      }),
    });
    return ((await response.json()) as { result: unknown }).result;
  }
});

describe('while every endpoint is down', () => {
  /** One stream as it comes over the wire, from its first event on. */
  async function open(app: App, kind: 'GraphQL' | 'REST'): Promise<WireEvent[]> {
    const events: WireEvent[] = [];
    const stop = new AbortController();
    running.defer(() => stop.abort());
    const query = `subscription { balances(chainId: ${chain.chainId}, owner: "${owner}") { kind balances { amount token { symbol } } } }`;
    const response =
      kind === 'GraphQL'
        ? await fetch(`${app.url}/graphql`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
            body: JSON.stringify({ query }),
            signal: stop.signal,
          })
        : await fetch(`${app.url}/sse/${chain.chainId}/balances/${owner}`, { signal: stop.signal });
    expect(response.status).toBe(200);
    void (async () => {
      for await (const event of eventsOf(response)) events.push(event);
      events.push({ event: 'the stream has ended' });
    })().catch(() => {});
    await eventually(() => expect(dataOf(events)).toHaveLength(1));
    return events;
  }

  const dataOf = (events: readonly WireEvent[]) => events.filter(({ data }) => data);
  const beatsOf = (events: readonly WireEvent[]) => events.filter(({ comment }) => comment !== undefined);

  it.each([
    ['a short while', 3],
    ['a long while', 60],
  ])(
    'for %s, streams stay open and beat, health says why, and then all comes as one diff',
    async (_, blocks) => {
      const silver = await deployToken(chain, { symbol: 'SILVER' });
      const iron = await deployToken(chain, { symbol: 'IRON' });
      await mint(chain, iron, owner, 50n);
      const app = await start({ SSE_HEARTBEAT_INTERVAL: '0.1' });
      await rest(app, 'POST', `/${chain.chainId}/sessions/${owner}`, {
        body: { customTokens: [gold, silver, iron] },
      });
      const streams = [await open(app, 'GraphQL'), await open(app, 'REST')];
      await isQuiet(app);
      const before = streams.map((events) => dataOf(events).length);

      proxy.fault = async () => ({ status: 503, text: 'Service Unavailable' });
      proxy.dropSockets();
      await mint(chain, gold, owner, 1n);
      await mint(chain, silver, owner, 2n);
      await transfer(chain, iron, { from: owner, to: gold, amount: 8n });
      await chain.mine(blocks);
      await eventually(async () => {
        const { status, json } = await rest(app, 'GET', '/health');
        expect(status).toBe(503);
        expect(json).toMatchObject({
          status: 'down',
          chains: [{ healthy: false, heads: 'none', lastError: expect.stringMatching(/./) }],
        });
      });
      const beats = streams.map((events) => beatsOf(events).length);
      await eventually(() =>
        expect(streams.every((events, index) => beatsOf(events).length > (beats[index] ?? 0) + 2)).toBe(true),
      );
      expect(streams.map((events) => dataOf(events).length)).toEqual(before);

      proxy.fault = undefined;
      await isQuiet(app);
      await eventually(() =>
        expect(streams.map((events) => dataOf(events).length)).toEqual(before.map((count) => count + 1)),
      );
      const [overGraphQL, overRest] = streams.map((events) => JSON.parse(dataOf(events).at(-1)?.data ?? ''));
      expect(overGraphQL.data.balances.kind).toBe('DIFF');
      const amounts = Object.fromEntries(
        overGraphQL.data.balances.balances.map(
          ({ amount, token }: { amount: string; token: { symbol: string } }) => [token.symbol, amount],
        ),
      );
      const native = String(await balanceOf(chain, NATIVE, owner));
      expect(amounts).toEqual({ GOLD: '1', SILVER: '2', IRON: '42', ETH: native });
      expect(overRest.balances).toMatchObject({ [gold]: '1', [silver]: '2', [iron]: '42' });
      expect(streams.every((events) => events.every(({ event }) => event !== 'the stream has ended'))).toBe(
        true,
      );
      expect((await rest(app, 'GET', '/health')).status).toBe(200);
    },
  );
});
