import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type App, createApp } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { readConfig } from '../config.ts';
import { chainHealth } from '../delivery/rest/operations.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { failure, type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Whether `/health` says how things are: each of its words beside the real thing. */
let chain: TestChain;
let http: NodeProxy;
let ws: NodeProxy;
let gold: Address;
let app: App | undefined;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  [http, ws] = await Promise.all([startNodeProxy(chain), startNodeProxy(chain)]);
});
afterEach(async () => {
  for (const proxy of [http, ws])
    Object.assign(proxy, { fault: undefined, refuses: false, loseHeads: false });
  await app?.[Symbol.asyncDispose]();
  app = undefined;
});
afterAll(async () => {
  for (const proxy of [http, ws]) await proxy?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

async function start(endpoints: readonly string[]): Promise<App> {
  app = await createApp(
    readConfig({
      HTTP_BIND: '127.0.0.1:0',
      [`RPC_URLS_${chain.chainId}`]: endpoints.join(','),
      SNAPSHOT_INTERVAL: '3600',
      RPC_TIMEOUT_MS: '500',
      LOG_LEVEL: 'silent',
    }),
  );
  return app;
}

async function healthOf(server: App) {
  const { status, json } = await rest(server, 'GET', `/health/${chain.chainId}`);
  return { status, ...chainHealth.parse(json) };
}

async function isWell(server: App) {
  return await eventually(async () => {
    const { number, hash, timestamp } = await chain.head();
    const health = await healthOf(server);
    expect(health).toMatchObject({
      status: 200,
      healthy: true,
      head: { number, hash, timestamp: new Date(timestamp * 1000).toISOString() },
      lagBlocks: 0,
      pendingTouches: 0,
      lastError: null,
    });
    return health;
  });
}

/** Watches a wallet, so that a block has logs to ask for. */
async function watched(server: App): Promise<Address> {
  const owner = await chain.newWallet();
  using watcher = new Watcher(server, { chainId: chain.chainId, owner, customTokens: [gold] });
  await watcher.snapshot();
  return owner;
}

describe('/health', () => {
  it('of a chain that is well: the head, where heads come from, and each endpoint', async () => {
    const server = await start([ws.wsUrl, http.url]);
    await watched(server);
    const health = await isWell(server);
    expect(health.heads).toBe('socket');
    expect(health.lagSeconds).toBeGreaterThanOrEqual(0);
    // Of each what it said when they were last compared.
    const well = { circuit: 'closed', behind: false, slow: false, headNumber: health.head?.number };
    await eventually(async () =>
      expect((await healthOf(server)).endpoints).toEqual([
        { ...well, name: ws.wsUrl, latencySeconds: expect.any(Number) },
        { ...well, name: http.url, latencySeconds: expect.any(Number) },
      ]),
    );
  });

  it('heads come by polling where there is no socket, and while it is lost', async () => {
    const byHttp = await start([http.url]);
    expect((await isWell(byHttp)).heads).toBe('polling');
    await byHttp[Symbol.asyncDispose]();
    const server = await start([http.url, ws.wsUrl]);
    await isWell(server);
    await eventually(async () => expect((await healthOf(server)).heads).toBe('socket'));
    ws.refuses = true;
    await eventually(async () => expect((await healthOf(server)).heads).toBe('polling'));
    await chain.mine(2);
    expect((await isWell(server)).heads).toBe('polling');
    ws.refuses = false;
    await eventually(async () => expect((await healthOf(server)).heads).toBe('socket'));
  });

  it('blocks that were announced and cannot be processed are counted, with the reason', async () => {
    const server = await start([http.wsUrl, http.url]);
    await watched(server);
    const before = await isWell(server);
    http.fault = async (request, node) =>
      request.method === 'eth_getLogs' ? failure(request, -32000, 'no logs today') : await node();
    for (let blocks = 0; blocks < 3; blocks += 1) await chain.mine();
    await eventually(async () =>
      expect(await healthOf(server)).toMatchObject({
        status: 503,
        healthy: false,
        head: { number: before.head?.number },
        lagBlocks: 3,
        lastError: expect.stringContaining('no logs today'),
      }),
    );
    const { lagSeconds } = await healthOf(server);
    // Its head is as old as the block is, however lately another was announced.
    const newest = await chain.head();
    const ageOfHead = newest.timestamp - Date.parse(before.head?.timestamp ?? '') / 1000;
    expect(lagSeconds).toBeGreaterThanOrEqual(ageOfHead);
    http.fault = undefined;
    await isWell(server);
  });

  it('balances that wait to be read are counted, and how long the oldest was not confirmed', async () => {
    const server = await start([http.wsUrl, http.url]);
    const owner = await watched(server);
    await isWell(server);
    http.fault = async (request, node) =>
      request.method === 'eth_call' ? failure(request, -32005, 'no more calls today') : await node();
    await mint(chain, gold, owner, 5n);
    // The token that moved, and the native coin, which any block may have moved.
    await eventually(async () =>
      expect(await healthOf(server)).toMatchObject({
        status: 503,
        lagBlocks: 0,
        pendingTouches: 2,
        lastError: expect.stringContaining('no more calls today'),
      }),
    );
    const { oldestConfirmationSeconds: oldest } = await healthOf(server);
    await eventually(async () =>
      expect((await healthOf(server)).oldestConfirmationSeconds).toBeGreaterThan(oldest),
    );
    http.fault = undefined;
    const { oldestConfirmationSeconds } = await isWell(server);
    expect(oldestConfirmationSeconds).toBeGreaterThan(0);
  });

  it('with nobody to ask there are no heads, circuits are open, and the lag grows until somebody is there', async () => {
    const server = await start([http.wsUrl, http.url]);
    await isWell(server);
    http.refuses = true;
    const dead = await eventually(async () => {
      const health = await healthOf(server);
      expect(health).toMatchObject({ status: 503, heads: 'none', lastError: expect.stringMatching(/./) });
      for (const { circuit } of health.endpoints) expect(circuit).not.toBe('closed');
      return health;
    });
    await eventually(async () => {
      expect((await healthOf(server)).lagSeconds).toBeGreaterThan((dead.lagSeconds ?? 0) + 1);
    });
    http.refuses = false;
    await eventually(async () => {
      const { lagSeconds, endpoints } = await isWell(server);
      expect(lagSeconds).toBeLessThan(dead.lagSeconds ?? 0);
      for (const { circuit } of endpoints) expect(circuit).toBe('closed');
    });
  });
});
