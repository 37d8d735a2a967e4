import { parseEther } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { MOST_WALLETS_EVERY_BLOCK } from '../chain/scan.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import {
  balanceOf,
  call,
  deploy,
  deployToken,
  mint,
  pay,
  payFromContract,
  transfer,
  unwrap,
  wrap,
} from './contracts.ts';
import { failure, type NodeProxy, type Passing, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** What moved a native balance, though no log tells of it: the block's transactions that the wallet is a party of. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let alice: Address;
let bob: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  [alice, bob] = [await chain.newWallet(), await chain.newWallet()];
  await mint(chain, gold, alice, 100n);
});
afterEach(() => running.disposeAsync());

async function start(environment = {}): Promise<App> {
  return running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment));
}

async function watch(app: App, owner: Address): Promise<Watcher> {
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
  await watcher.snapshot();
  await isQuiet(app);
  return watcher;
}

async function isQuiet(app: App): Promise<void> {
  await eventually(async () => {
    const { number, hash } = await chain.head();
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ healthy: true, head: { number, hash }, pendingTouches: 0 }] });
  });
}

/** Its coin is what the chain says, and was moved by these, of which the chain says that the wallet is a party. */
async function wasMovedBy(watcher: Watcher, owner: Address, hashes: readonly Hash[]): Promise<void> {
  const amount = await balanceOf(chain, NATIVE, owner);
  const receipts = await Promise.all(hashes.map((hash) => chain.client.getTransactionReceipt({ hash })));
  for (const { from, to } of receipts) expect([from, to]).toContain(owner);
  const last = receipts.at(-1);
  await eventually(() => expect(watcher.amount(NATIVE)).toBe(amount));
  expect(watcher.latest).toMatchObject({ kind: 'DIFF', cause: 'EVENT' });
  expect(watcher.latest?.balances.get(NATIVE)).toMatchObject({
    transactions: hashes,
    block: { number: last?.blockNumber, hash: last?.blockHash },
  });
}

/** All that its native diffs named, each as often as it did. */
function named(watcher: Watcher): readonly Hash[] {
  return watcher.told(NATIVE).flatMap(({ transactions }) => transactions);
}

/** In one block, in this order. */
async function together(...sends: (() => Promise<Hash>)[]): Promise<readonly Hash[]> {
  await chain.automine(false);
  const hashes: Hash[] = [];
  for (const send of sends) hashes.push(await send());
  await chain.mine();
  await chain.automine(true);
  return hashes;
}

function isBody({ method, params }: Passing): boolean {
  return method === 'eth_getBlockByHash' && params[1] === true;
}

describe('a native balance that moved', () => {
  it('names the payment, to who paid and to who was paid', async () => {
    const app = await start();
    const [from, to] = [await watch(app, alice), await watch(app, bob)];
    const paid = await pay(chain, { from: alice, to: bob, amount: 5n });
    await wasMovedBy(from, alice, [paid]);
    await wasMovedBy(to, bob, [paid]);
    expect(to.latest?.balances.get(NATIVE)?.previousAmount).toBe(parseEther('10'));
    // And to who comes later.
    const later = await watch(app, bob);
    expect(later.latest?.balances.get(NATIVE)?.transactions).toEqual([paid]);
  });

  it('names each of several payments in one block, and none of anybody else', async () => {
    const app = await start();
    const watcher = await watch(app, alice);
    const hashes = await together(
      () => pay(chain, { from: alice, to: bob, amount: 5n }),
      () => pay(chain, { from: bob, to: chain.deployer, amount: 6n }),
      () => pay(chain, { from: bob, to: alice, amount: 7n }),
      () => pay(chain, { from: alice, to: alice, amount: 8n }),
    );
    await wasMovedBy(
      watcher,
      alice,
      [0, 2, 3].flatMap((index) => hashes[index] ?? []),
    );
  });

  it('names what cost it gas: a wrap, an unwrap, and the transfer of a token', async () => {
    const app = await start();
    const watcher = await watch(app, alice);
    const sends = [
      () => wrap(chain, alice, 1000n),
      () => unwrap(chain, alice, 400n),
      () => transfer(chain, gold, { from: alice, to: bob, amount: 30n }),
    ];
    for (const send of sends) {
      await wasMovedBy(watcher, alice, [await send()]);
      await isQuiet(app);
    }
    // The tokens' own transactions are what they were.
    await eventually(() => expect(watcher.amount(gold)).toBe(70n));
    expect(watcher.latest?.balances.get(gold)?.transactions).toEqual(named(watcher).slice(2));
    expect(watcher.latest?.balances.get(chain.weth)?.transactions).toEqual(named(watcher).slice(1, 2));
  });

  it('names nothing where a contract pays it that a stranger called: that is not known', async () => {
    const payer = await deploy(chain, 'Payer');
    await pay(chain, { from: chain.deployer, to: payer, amount: 100n });
    const app = await start();
    const watcher = await watch(app, alice);
    await payFromContract(chain, { from: payer, to: alice, amount: 7n });
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(parseEther('10') + 7n));
    expect(watcher.latest?.cause).toBe('EVENT');
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual([]);
    // Unless the wallet called it itself.
    await wasMovedBy(watcher, alice, [
      await call(chain, 'Payer', payer, 'pay', [alice, 9n], { from: alice }),
    ]);
  });

  it('that a sweep alone found was moved by nothing that is known, and says so', async () => {
    const app = await start({ SNAPSHOT_INTERVAL: '0.3' });
    const watcher = await watch(app, alice);
    await chain.client.setBalance({ address: alice, value: 42n });
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(42n));
    expect(watcher.latest?.cause).toBe('RECONCILED');
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual([]);
  });
});

describe('blocks that come faster than native balances are read', () => {
  it.each([
    ['', '3600'],
    [', though a sweep came before their turn', '0.1'],
  ])('are all named, each transaction once%s', async (_, seconds) => {
    const app = await start({ SNAPSHOT_INTERVAL: seconds });
    const watcher = await watch(app, bob);
    const hashes: Hash[] = [];
    for (let block = 0; block < 30; block += 1)
      hashes.push(await pay(chain, { from: alice, to: bob, amount: 1n }));
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(parseEther('10') + 30n));
    const told = named(watcher);
    expect(told).toEqual(hashes.slice(0, told.length));
    // While it mines, anvil answers one call in a hundred with the state of the next block: the last change may so be
    // told before its block is.
    expect(told.length).toBeGreaterThanOrEqual(hashes.length - 1);
    expect(watcher.states.length).toBeLessThan(hashes.length);
    expect(new Set(watcher.states.slice(1).map(({ cause }) => cause))).toEqual(new Set(['EVENT']));
  });

  it('and that nobody told us of are named, too', async () => {
    const app = await start();
    const watcher = await watch(app, bob);
    proxy.loseHeads = true;
    const first = await pay(chain, { from: alice, to: bob, amount: 1n });
    await chain.mine(3);
    const second = await pay(chain, { from: alice, to: bob, amount: 1n });
    proxy.loseHeads = false;
    await chain.mine();
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(parseEther('10') + 2n));
    expect(named(watcher)).toEqual([first, second]);
  });
});

describe('an endpoint that does not tell a block’s transactions', () => {
  it('as soon as the rest: tokens do not wait for them, and the native balance comes with them', async () => {
    const app = await start();
    const watcher = await watch(app, alice);
    const read = Promise.withResolvers<void>();
    proxy.fault = async (request, node) => {
      const answer = await node();
      if (request.method === 'eth_call') setTimeout(read.resolve, 100);
      if (isBody(request)) await read.promise;
      return answer;
    };
    const sent = await transfer(chain, gold, { from: alice, to: bob, amount: 30n });
    await wasMovedBy(watcher, alice, [sent]);
    const told = watcher.states.slice(1).map(({ changes }) => changes.map(({ token }) => token.native));
    expect(told).toEqual([[false], [true]]);
    expect(proxy.count('eth_call')).toBeGreaterThan(0);
  });

  it.each<[string, NodeProxy['fault']]>([
    ['but fails', async (request) => failure(request, -32603, 'Internal error')],
    ['and never answers', () => new Promise(() => {})],
    ['but another block', async (request, node) => await node().then((answer) => spoiled(request, answer))],
  ])('%s: the change is told without', async (_, fault) => {
    const app = await start();
    const watcher = await watch(app, alice);
    proxy.fault = async (request, node) =>
      isBody(request) && fault ? await fault(request, node) : await node();
    proxy.reset();
    await transfer(chain, gold, { from: alice, to: bob, amount: 30n });
    const amount = await balanceOf(chain, NATIVE, alice);
    await eventually(() => expect([watcher.amount(gold), watcher.amount(NATIVE)]).toEqual([70n, amount]));
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual([]);
    // It was read once, and nothing that is served suffers for it.
    await isQuiet(app);
    expect(proxy.count('eth_call')).toBe(1);
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ lastError: null }] });
    // An endpoint that had been given up would have been asked again which chain it serves; the second one was once.
    expect(proxy.count('eth_chainId')).toBeLessThanOrEqual(1);
    // The next block is another matter.
    proxy.fault = undefined;
    await wasMovedBy(watcher, alice, [await pay(chain, { from: alice, to: bob, amount: 5n })]);
  });

  function spoiled({ id }: Passing, answer: object): object {
    const { result } = answer as { result: object };
    return { jsonrpc: '2.0', id, result: { ...result, hash: `0x${'0'.repeat(64)}` } };
  }
});

describe('a reorganisation', () => {
  it('takes the transactions of its blocks with it, and brings its own', async () => {
    const app = await start();
    const watcher = await watch(app, bob);
    const [lost = NATIVE] = await together(() => pay(chain, { from: alice, to: bob, amount: 5n }));
    await wasMovedBy(watcher, bob, [lost]);
    await chain.reorg(1, [{ from: alice, to: bob, value: 9n, gas: 50_000n }]);
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(parseEther('10') + 9n));
    const { transactions } = await chain.client.getBlock();
    expect(watcher.latest?.cause).toBe('REORG');
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual(transactions);
  });

  it('while it is still waited for who paid: nothing of the lost block is told, and nothing is missed', async () => {
    const app = await start();
    const watcher = await watch(app, bob);
    const read = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let lostHash = '';
    proxy.fault = async (request, node) => {
      const answer = await node();
      if (request.method === 'eth_call') read.resolve();
      if (isBody(request)) {
        lostHash ||= String(request.params[0]);
        if (request.params[0] === lostHash) await gate.promise;
      }
      return answer;
    };
    await together(() => pay(chain, { from: alice, to: bob, amount: 5n }));
    await read.promise;
    await chain.reorg(1, [{ from: alice, to: bob, value: 9n, gas: 50_000n }]);
    gate.resolve();
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(parseEther('10') + 9n));
    const { transactions } = await chain.client.getBlock();
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual(transactions);
    await isQuiet(app);
  });
});

describe('with more wallets than every block reads', () => {
  it('who is a party of a transaction is told of it', { timeout: 60_000 }, async () => {
    const app = await start();
    const body = { customTokens: [gold] };
    for (let index = 0; index < MOST_WALLETS_EVERY_BLOCK; index += 1) {
      const stranger = `0x${(0x5000_0000 + index).toString(16).padStart(40, '0')}`;
      await rest(app, 'POST', `/${chain.chainId}/sessions/${stranger}`, { body });
    }
    const [from, to] = [await watch(app, alice), await watch(app, bob)];
    const paid = await pay(chain, { from: alice, to: bob, amount: 5n });
    await wasMovedBy(from, alice, [paid]);
    await wasMovedBy(to, bob, [paid]);
  });
});

describe('what a block’s transactions cost', () => {
  it('is one request a block, and none where no native balance is watched', async () => {
    const app = await start();
    await chain.mine();
    await isQuiet(app);
    proxy.reset();
    await chain.mine(3);
    await isQuiet(app);
    expect(proxy.count('eth_getBlockByHash')).toBe(0);
    await watch(app, alice);
    proxy.reset();
    for (let block = 0; block < 3; block += 1) {
      await chain.mine();
      await isQuiet(app);
    }
    expect(proxy.count('eth_getBlockByHash')).toBe(3);
    expect(proxy.count('eth_getLogs')).toBe(6);
  });
});
