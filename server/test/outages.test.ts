import { parseEther } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint, pay, transfer } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { RestStream, rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Whatever the node does, once it is over what a client holds is what the chain says. */
let chain: TestChain;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

async function watch(app: App): Promise<Watcher> {
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
  await watcher.snapshot();
  return watcher;
}

async function agrees(watcher: Watcher): Promise<void> {
  await eventually(async () => {
    for (const token of [gold, chain.weth, NATIVE])
      expect(watcher.amount(token)).toBe(await balanceOf(chain, token, owner));
  });
}

async function through(environment = {}): Promise<{ app: App; proxy: NodeProxy }> {
  const proxy = running.use(await startNodeProxy(chain));
  const app = running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment));
  return { app, proxy };
}

describe('after an outage', () => {
  it('a node that is killed and comes back: nothing is lost, the stream stays open', async () => {
    const app = running.use(await startTestApp(chain));
    const watcher = await watch(app);
    await rest(app, 'POST', `/${chain.chainId}/sessions/${owner}`, { body: { customTokens: [gold] } });
    using stream = new RestStream(app, `/sse/${chain.chainId}/balances/${owner}`);
    await eventually(() => expect(stream.events).toHaveLength(1));
    await mint(chain, gold, owner, 10n);
    await eventually(() => expect(watcher.amount(gold)).toBe(10n));

    await chain.down();
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(503));
    await chain.up();
    await transfer(chain, gold, { from: owner, to: chain.weth, amount: 4n });
    await chain.mine(20);
    await mint(chain, gold, owner, 100n);
    await agrees(watcher);
    await eventually(() => expect(stream.folded[gold]).toBe('106'));
    expect(stream.statuses).toEqual([200]);
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(200));
  });

  it('a node that freezes in the middle of it all', async () => {
    const app = running.use(await startTestApp(chain, { RPC_TIMEOUT_MS: '500' }));
    const watcher = await watch(app);
    chain.freeze();
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(503));
    chain.thaw();
    await mint(chain, gold, owner, 10n);
    await agrees(watcher);
  });

  it('heads that are lost silently, on a socket that is alive', async () => {
    const { app, proxy } = await through();
    const watcher = await watch(app);
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(watcher.amount(gold)).toBe(1n));
    proxy.loseHeads = true;
    await mint(chain, gold, owner, 1n);
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
  });

  it('a gap too long to scan: everything is read again', async () => {
    const { app, proxy } = await through();
    const watcher = await watch(app);
    proxy.loseHeads = true;
    await mint(chain, gold, owner, 1n);
    await chain.mine(300);
    proxy.loseHeads = false;
    await chain.mine();
    await agrees(watcher);
  });

  it('by HTTP alone, and by WebSocket alone', async () => {
    for (const urls of [chain.url, chain.wsUrl]) {
      await using app = await startTestApp(chain, { [`RPC_URLS_${chain.chainId}`]: urls });
      using watcher = new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] });
      await watcher.snapshot();
      await mint(chain, gold, owner, 5n);
      await agrees(watcher);
    }
  });

  it('a first endpoint that is not there costs nothing but itself', async () => {
    const app = running.use(
      await startTestApp(chain, {
        [`RPC_URLS_${chain.chainId}`]: `ws://127.0.0.1:1,http://127.0.0.1:1,${chain.wsUrl},${chain.url}`,
      }),
    );
    const watcher = await watch(app);
    await mint(chain, gold, owner, 5n);
    await agrees(watcher);
  });

  it('an endpoint of another chain is passed over, whatever it would say', async () => {
    const other = running.use(await startTestChain({ chainId: 1337 }));
    await other.mine(50);
    const app = running.use(
      await startTestApp(chain, {
        [`RPC_URLS_${chain.chainId}`]: [other.wsUrl, other.url, chain.wsUrl, chain.url].join(','),
      }),
    );
    const watcher = await watch(app);
    await mint(chain, gold, owner, 5n);
    await agrees(watcher);
    const single = await rest(app, 'GET', `/${chain.chainId}/balance/${owner}/${gold}`);
    expect(single).toEqual({ status: 200, json: { balance: '5' } });
  });

  it('with nothing but an endpoint of another chain there is no health, and it is said why', async () => {
    const other = running.use(await startTestChain({ chainId: 1337 }));
    const app = running.use(
      await startTestApp(chain, { [`RPC_URLS_${chain.chainId}`]: `${other.wsUrl},${other.url}` }),
    );
    await eventually(async () => {
      const { status, json } = await rest(app, 'GET', '/health');
      expect(status).toBe(503);
      expect(JSON.stringify(json)).toMatch(/serves chain 1337, not 31337/);
    });
  });

  it('a wallet that is asked for before there is any block is told as soon as there is one', async () => {
    await chain.down();
    const app = running.use(await startTestApp(chain));
    const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(503));
    await chain.up();
    await watcher.snapshot();
    await agrees(watcher);
  });
});

describe('a reorganisation', () => {
  it('takes a transfer back: the balance goes back with it, and says why', async () => {
    const app = running.use(await startTestApp(chain));
    const watcher = await watch(app);
    await mint(chain, gold, owner, 10n);
    await chain.mine(2);
    await pay(chain, { from: chain.deployer, to: owner, amount: parseEther('1') });
    await eventually(() => expect(watcher.amount(gold)).toBe(10n));
    await chain.reorg(4);
    await eventually(() => expect(watcher.amount(gold)).toBe(0n));
    expect(watcher.states.some(({ cause }) => cause === 'REORG')).toBe(true);
    await agrees(watcher);
    await mint(chain, gold, owner, 3n);
    await agrees(watcher);
  });
});

describe('one chain’s trouble', () => {
  it('does not touch another', async () => {
    const other = running.use(await startTestChain({ chainId: 1337 }));
    const silver = await deployToken(other, { symbol: 'SILVER' });
    const app = running.use(await startTestApp([chain, other]));
    const watcher = await watch(app);
    using elsewhere = new Watcher(app, { chainId: other.chainId, owner, customTokens: [silver] });
    await elsewhere.snapshot();
    await chain.down();
    await mint(other, silver, owner, 7n);
    await eventually(() => expect(elsewhere.amount(silver)).toBe(7n));
    // The balancer keeps a process that can still deliver; who asks for the one chain is told.
    await eventually(async () =>
      expect((await rest(app, 'GET', `/health/${chain.chainId}`)).status).toBe(503),
    );
    expect((await rest(app, 'GET', '/health')).status).toBe(200);
    await chain.up();
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
  });
});
