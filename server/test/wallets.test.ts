import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { MOST_WALLETS_EVERY_BLOCK } from '../chain/scan.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deploy, deployToken, mint, pay, payFromContract } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** More wallets than one filter names, or than one block reads the native balances of. */
let chain: TestChain;
let proxy: NodeProxy;
let app: App;
let gold: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  proxy = await startNodeProxy(chain);
  app = await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, { SNAPSHOT_INTERVAL: '2' });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

async function watchStrangers(count: number): Promise<void> {
  const body = { customTokens: [gold] };
  for (let start = 0; start < count; start += 100)
    await Promise.all(
      Array.from({ length: Math.min(100, count - start) }, async (_, index) => {
        const stranger = `0x${(0x5000_0000 + start + index).toString(16).padStart(40, '0')}`;
        const { status } = await rest(app, 'POST', `/${chain.chainId}/sessions/${stranger}`, { body });
        expect(status).toBe(200);
      }),
    );
}

describe('very many wallets', () => {
  it('past the limit the parties of a block are read at once, the others in turns', async () => {
    const payer = await deploy(chain, 'Payer');
    await pay(chain, { from: chain.deployer, to: payer, amount: 100n });
    await watchStrangers(MOST_WALLETS_EVERY_BLOCK);
    const [rich, poor] = [await chain.newWallet(), await chain.newWallet(0n)];
    using from = new Watcher(app, { chainId: chain.chainId, owner: rich, customTokens: [gold] });
    using to = new Watcher(app, { chainId: chain.chainId, owner: poor, customTokens: [gold] });
    await from.snapshot();
    await to.snapshot();

    const before = from.amount(NATIVE) ?? 0n;
    await pay(chain, { from: rich, to: poor, amount: 5n });
    await eventually(() => expect(to.amount(NATIVE)).toBe(5n));
    await eventually(() => expect(from.amount(NATIVE)).toBeLessThan(before));
    expect(to.latest?.cause).toBe('EVENT');

    // No log and no party of the transaction: its turn comes within SNAPSHOT_INTERVAL.
    await payFromContract(chain, { from: payer, to: poor, amount: 7n });
    await eventually(() => expect(to.amount(NATIVE)).toBe(12n));
    expect(to.latest?.cause).toBe('RECONCILED');

    // Tokens are found whichever of the filters the wallet is in.
    await mint(chain, gold, poor, 3n);
    await mint(chain, gold, '0x0000000000000000000000000000000050000000', 3n);
    await eventually(() => expect(to.amount(gold)).toBe(3n));
  });
});

describe('fast blocks', () => {
  it('do not read native balances once a block', async () => {
    const owner = await chain.newWallet();
    await using fast = await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl });
    using watcher = new Watcher(fast, { chainId: chain.chainId, owner, customTokens: [gold] });
    await watcher.snapshot();
    await app[Symbol.asyncDispose]();
    proxy.reset();
    const blocks = 40;
    for (let block = 0; block < blocks; block += 1) await chain.mine();
    await pay(chain, { from: chain.deployer, to: owner, amount: 5n });
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(10n ** 19n + 5n));
    expect(proxy.count('eth_call')).toBeLessThan(blocks / 2);
  });
});
