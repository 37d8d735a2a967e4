import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { toQuantity } from '../chain/hex.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint, transfer } from './contracts.ts';
import { type NodeProxy, result, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Endpoints and tokens that mean us ill: what they do is over when they are over it, and costs nobody else. */
let chain: TestChain;
let first: NodeProxy;
let second: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  first = running.use(await startNodeProxy(chain));
  second = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

async function start(endpoints: readonly string[], environment = {}): Promise<App> {
  return running.use(
    await startTestApp(chain, { [`RPC_URLS_${chain.chainId}`]: endpoints.join(','), ...environment }),
  );
}

async function watch(app: App, wallet = owner, ...customTokens: Address[]): Promise<Watcher> {
  const watcher = running.use(
    new Watcher(app, { chainId: chain.chainId, owner: wallet, customTokens: [gold, ...customTokens] }),
  );
  await watcher.snapshot();
  return watcher;
}

async function agrees(watcher: Watcher, wallet = owner): Promise<void> {
  await eventually(async () => {
    for (const token of [gold, NATIVE])
      expect(watcher.amount(token)).toBe(await balanceOf(chain, token, wallet));
  });
}

describe('an endpoint whose newest block is far in the future, and which nobody has', () => {
  const FAR = 1_000_000;
  it.each([
    ['the second, by HTTP alone', () => [first.url, second.url]],
    ['the first, by HTTP alone', () => [second.url, first.url]],
    ['one of two with sockets', () => [first.wsUrl, first.url, second.wsUrl, second.url]],
  ])('makes nobody stale: %s', async (_, endpoints) => {
    const app = await start(endpoints());
    const watcher = await watch(app);
    let told = 0;
    second.fault = async (request, node) => {
      if (request.method !== 'eth_getBlockByNumber' || request.params[0] !== 'latest') return await node();
      told += 1;
      const block = await chain.rawBlock('latest');
      const number = toQuantity(Number(block.number) + FAR);
      return result(request, {
        ...block,
        number,
        hash: `0x${'ab'.repeat(32)}`,
        parentHash: `0x${'cd'.repeat(32)}`,
      });
    };
    await eventually(() => expect(told).toBeGreaterThan(1));
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(200));
  });
});

describe('a node that tells of garbage the moment it is subscribed to', () => {
  it('ends nothing but the socket', async () => {
    // Between the subscription and the answer that says what came before it.
    first.fault = async (request, node) => {
      if (request.method === 'eth_getBlockByNumber') {
        first.tellHead({ number: null });
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return await node();
    };
    const server = spawn(process.execPath, ['server/main.ts'], {
      env: {
        PATH: process.env.PATH,
        HTTP_BIND: '127.0.0.1:0',
        CHAINS: String(chain.chainId),
        [`RPC_URLS_${chain.chainId}`]: first.wsUrl,
        [`WRAPPED_NATIVE_${chain.chainId}`]: chain.weth,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.defer(() => void server.kill('SIGKILL'));
    let said = '';
    server.stderr.on('data', (data) => {
      said += data;
    });
    const exited = once(server, 'exit').then(([code]) => `it exited with ${code}: ${said}`);
    const goesOn = eventually(() => expect(first.count('eth_subscribe')).toBeGreaterThan(3));
    expect(await Promise.race([exited, goesOn.then(() => 'it goes on')])).toBe('it goes on');
  });
});

describe('a chain that goes far back and on from there', () => {
  it('is followed on one socket, not on one after another', async () => {
    const snapshot = await chain.client.snapshot();
    await chain.mine(200);
    const app = await start([first.wsUrl, first.url]);
    const watcher = await watch(app);
    // All are asked for their newest block, as it has been quiet.
    first.reset();
    await eventually(() => expect(first.count('eth_getBlockByNumber')).toBeGreaterThan(0));
    await chain.client.revert({ id: snapshot });
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    first.reset();
    for (let round = 0; round < 20; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(first.count('eth_subscribe')).toBeLessThan(3);
  });
});

describe('an endpoint that leaves out the logs of one filter', () => {
  it('is not believed where another has them', async () => {
    const holder = await chain.newWallet();
    await mint(chain, gold, holder, 10n);
    const app = await start([first.url, second.url]);
    const [mine, theirs] = [await watch(app), await watch(app, holder)];
    first.fault = async (request, node) => {
      const [filter] = request.params as [{ topics: unknown[] }?];
      return request.method === 'eth_getLogs' && filter?.topics[1] === null
        ? result(request, [])
        : await node();
    };
    const stranger = await chain.newWallet();
    await chain.automine(false);
    await transfer(chain, gold, { from: holder, to: stranger, amount: 1n });
    await mint(chain, gold, owner, 1n);
    await chain.mine();
    await agrees(theirs, holder);
    await agrees(mine);
  });
});

describe('a chain of slow blocks that has just paused', () => {
  it('whose socket goes silent is asked before long', { timeout: 90_000 }, async () => {
    const slow = running.use(await startTestChain({ chainId: 1 }));
    const proxy = running.use(await startNodeProxy(slow));
    const token = await deployToken(slow, { symbol: 'GOLD' });
    const wallet = await slow.newWallet();
    const { url, wsUrl } = proxy;
    const app = running.use(await startTestApp({ chainId: 1, url, wsUrl, weth: slow.weth }));
    const watcher = running.use(new Watcher(app, { chainId: 1, owner: wallet, customTokens: [token] }));
    await watcher.snapshot();
    // A pause like that is usual there, and is not to be taken for the pace of the chain.
    await new Promise((resolve) => setTimeout(resolve, 13_000));
    await mint(slow, token, wallet, 1n);
    await eventually(() => expect(watcher.amount(token)).toBe(1n));
    proxy.loseHeads = true;
    await mint(slow, token, wallet, 1n);
    await eventually(() => expect(watcher.amount(token)).toBe(2n));
  });
});
