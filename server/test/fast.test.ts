import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import type { Mining } from '../devchain/anvil.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint } from './contracts.ts';
import { Follower } from './follower.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Blocks come faster than the endpoint answers: none is skipped, and the work stays in proportion to them. */
const LATENCY_MS = 30;
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;
/** By hash: the blocks whose logs were asked for, and how often. */
let scanned: Map<Hash, number>;

beforeEach(() => {
  running = new AsyncDisposableStack();
});
afterEach(() => running.disposeAsync());

/** A chain that mines so, behind an endpoint that takes its time; for reads perhaps more than for the rest. */
async function begin(mining: Mining, readsMs = LATENCY_MS): Promise<void> {
  chain = running.use(await startTestChain({ mining }));
  proxy = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
  scanned = new Map();
  proxy.fault = async ({ method, params }, node) => {
    if (method === 'eth_getLogs') {
      const { blockHash } = params[0] as { blockHash: Hash };
      scanned.set(blockHash, (scanned.get(blockHash) ?? 0) + 1);
    }
    await sleep(method === 'eth_call' ? readsMs : LATENCY_MS);
    return await node();
  };
}

async function watch(): Promise<{ app: App; watcher: Watcher }> {
  const app = running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }));
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
  await watcher.snapshot();
  return { app, watcher };
}

/** So many transfers to the owner, one after the other; answers with them, and how many blocks went by. */
async function transfers(count: number): Promise<{ hashes: readonly Hash[]; blocks: number }> {
  const before = (await chain.head()).number;
  const hashes: Hash[] = [];
  for (let sent = 0; sent < count; sent += 1) hashes.push(await mint(chain, gold, owner, 1n));
  return { hashes, blocks: (await chain.head()).number - before };
}

/** Each, but for those of blocks in a gap that it was cheaper to pass over, and none a second time. */
async function areToldOnce(watcher: Watcher, hashes: readonly Hash[]): Promise<void> {
  const told = watcher.told(gold).flatMap(({ transactions }) => transactions);
  const receipts = await Promise.all(hashes.map((hash) => chain.client.getTransactionReceipt({ hash })));
  const known = receipts.filter(({ blockHash }) => scanned.has(blockHash));
  expect(known.filter(({ transactionHash }) => !told.includes(transactionHash))).toEqual([]);
  expect(told.length - new Set(told).size).toBe(0);
}

/** It has caught up with a chain that does not wait for it, and the client with it. */
async function hasCaughtUp(app: App, watcher: Watcher): Promise<void> {
  await chain.automine(false);
  await eventually(async () => {
    const { number, hash } = await chain.head();
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ head: { number, hash }, lagBlocks: 0, pendingTouches: 0 }] });
    for (const token of [gold, NATIVE])
      expect(watcher.amount(token)).toBe(await balanceOf(chain, token, owner));
  });
}

/** What was asked since the reset, against the blocks that went by; some more for those at either end. */
function isInProportion(
  watcher: Watcher,
  blocks: number,
  { readsPerBlock }: { readsPerBlock: number },
): void {
  const atEnds = 20;
  // Two filters, and at most the header: never what a client or a transfer adds.
  expect(proxy.count('eth_getLogs')).toBeLessThanOrEqual(2 * (blocks + atEnds));
  expect(proxy.count('eth_getBlockByNumber')).toBeLessThanOrEqual(blocks + atEnds);
  // And at most the transactions of each, once.
  expect(proxy.count('eth_getBlockByHash')).toBeLessThanOrEqual(blocks + atEnds);
  expect(proxy.count('eth_call')).toBeLessThanOrEqual(blocks * readsPerBlock + atEnds);
  // And each read makes at most one update.
  expect(watcher.states.length).toBeLessThanOrEqual(proxy.count('eth_call') + 2);
  expect([...scanned.values()].filter((times) => times > 2)).toEqual([]);
}

describe('a chain of 20 blocks a second', () => {
  it('is followed block by block: each transaction is told, once', async () => {
    await begin({ everyMs: 50 });
    const { app, watcher } = await watch();
    proxy.reset();
    const { hashes, blocks } = await transfers(60);
    await hasCaughtUp(app, watcher);
    expect(watcher.amount(gold)).toBe(60n);
    await areToldOnce(watcher, hashes);
    // Six blocks fall into one window.
    isInProportion(watcher, blocks, { readsPerBlock: 1 / 3 });
  });

  it('and of reads that take longer than a window: each transaction is told, once', async () => {
    await begin({ everyMs: 50 }, 400);
    const { app, watcher } = await watch();
    proxy.reset();
    // More than one change names at the most.
    const { hashes, blocks } = await transfers(150);
    await hasCaughtUp(app, watcher);
    expect(watcher.amount(gold)).toBe(150n);
    await areToldOnce(watcher, hashes);
    isInProportion(watcher, blocks, { readsPerBlock: 1 / 3 });
  });
});

describe('a chain of 20 blocks a second whose endpoint never tells who paid whom', () => {
  it('is followed as ever', async () => {
    await begin({ everyMs: 50 });
    const usual = proxy.fault;
    proxy.fault = async (request, node) => {
      if (request.method === 'eth_getBlockByHash' && request.params[1]) await new Promise(() => {});
      return (await usual?.(request, node)) ?? (await node());
    };
    const { app, watcher } = await watch();
    const { hashes } = await transfers(60);
    await hasCaughtUp(app, watcher);
    await areToldOnce(watcher, hashes);
    expect(watcher.states.at(-1)?.balances.get(gold)?.transactions).toContain(hashes.at(-1));
  });
});

describe('a chain that mines as fast as it can', () => {
  it('is caught up with, at a bounded cost', async () => {
    await begin('auto');
    const { app, watcher } = await watch();
    proxy.reset();
    const { hashes, blocks } = await transfers(300);
    expect(blocks).toBe(300);
    await hasCaughtUp(app, watcher);
    expect(watcher.amount(gold)).toBe(300n);
    await areToldOnce(watcher, hashes);
    isInProportion(watcher, blocks, { readsPerBlock: 1 / 3 });
  });

  it('is scanned whole where reading everything would cost more: no block is skipped or done twice', async () => {
    await begin('auto');
    const follower = running.use(
      new Follower({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, [owner], 1e9),
    );
    await eventually(() => expect(follower.advances).toHaveLength(1));
    const { hashes } = await transfers(300);
    const { hash } = await chain.head();
    await eventually(() => expect(follower.latest?.tip.hash).toBe(hash));
    const touches = follower.advances
      .flatMap((advance) => advance.touches)
      .filter((touch) => touch.owner === owner);
    expect(touches.map(({ transaction }) => transaction)).toEqual(hashes);
    expect([...scanned.values()]).toEqual(Array(300).fill(2));
    // Many at once, or it would not have kept up; and all of those in one step.
    expect(follower.advances.length).toBeLessThan(300);
  });
});
