import { decodeEventLog, type Hex, parseEther } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { TRANSFER } from '../chain/logs.ts';
import { networkOf } from '../chain/networks.ts';
import { TRADE } from '../chain/settlement.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import { artifact } from '../devchain/contracts/artifacts.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, call, deploy, deployToken, mint, pay, silentMint } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Orders that CoW Protocol settles: anybody may have it do so, and what it pays may leave no other trace. */
let chain: TestChain;
let proxy: NodeProxy;
let app: App;
let watcher: Watcher;
let running: AsyncDisposableStack;
let settlement: Address;
let gold: Address;
let silver: Address;
let alice: Address;
/** What every eth_call asks. */
let reads: string[];

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  settlement = networkOf(chain.chainId)?.settlement ?? NATIVE;
  await chain.client.setCode({ address: settlement, bytecode: artifact('SettlementLike').deployedBytecode });
  await pay(chain, { from: chain.deployer, to: settlement, amount: parseEther('100') });
  [gold, silver] = [await deployToken(chain), await deployToken(chain)];
  alice = await chain.newWallet();
  for (const token of [gold, silver]) await mint(chain, token, settlement, 1000n);
  await mint(chain, gold, alice, 100n);
  await call(chain, 'TestToken', gold, 'approve', [settlement, 100n], { from: alice });
  reads = [];
  proxy.fault = async ({ method, params }, node) => {
    if (method === 'eth_call') reads.push(JSON.stringify(params));
    return await node();
  };
  app = running.use(await startTestApp({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }));
  watcher = running.use(
    new Watcher(app, { chainId: chain.chainId, owner: alice, customTokens: [gold, silver] }),
  );
  await watcher.snapshot();
  await isQuiet();
});
afterEach(() => running.disposeAsync());

async function isQuiet(): Promise<void> {
  await eventually(async () => {
    const { number, hash } = await chain.head();
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ healthy: true, head: { number, hash }, pendingTouches: 0 }] });
  });
}

interface Order {
  readonly owner: Address;
  readonly receiver?: Address;
  readonly sold: Address;
  readonly bought: Address;
  readonly soldAmount: bigint;
  readonly boughtAmount: bigint;
}

/** Sent by a solver, who is nobody that is watched. */
function settle({ owner, receiver = owner, sold, bought, soldAmount, boughtAmount }: Order): Promise<Hash> {
  const args = [owner, receiver, sold, bought, soldAmount, boughtAmount];
  return call(chain, 'SettlementLike', settlement, 'settle', args);
}

/** The event without anything that it tells of. */
function say(contract: Address, sold: Address, bought: Address): Promise<Hash> {
  return call(chain, 'SettlementLike', contract, 'say', [alice, sold, bought, 1n, 1n]);
}

/** The wallet holds what the chain says, and the receipt of what moved it tells of its trade. */
async function wasMovedBy(token: Address, hash: Hash): Promise<void> {
  const amount = await balanceOf(chain, token, alice);
  await eventually(() => expect(watcher.amount(token)).toBe(amount));
  expect(watcher.latest).toMatchObject({ kind: 'DIFF', cause: 'EVENT' });
  const { blockHash, logs } = await chain.client.getTransactionReceipt({ hash });
  expect(watcher.latest?.balances.get(token)).toMatchObject({
    transactions: [hash],
    block: { hash: blockHash },
  });
  const trades = logs.filter(({ address, topics }) => address === settlement && topics[0] === TRADE);
  const { abi } = artifact('SettlementLike');
  const [trade] = trades.map(({ data, topics }) => decodeEventLog({ abi, data, topics }).args);
  const { owner, sellToken, buyToken } = (trade ?? {}) as unknown as Record<string, string>;
  expect(owner?.toLowerCase()).toBe(alice);
  expect([sellToken, buyToken].map((traded) => traded?.toLowerCase())).toContain(token);
}

describe('a settled order', () => {
  it('that buys native coin, which is paid from inside the contract: both sides, with the transaction', async () => {
    const before = await balanceOf(chain, NATIVE, alice);
    const hash = await settle({
      owner: alice,
      sold: gold,
      bought: NATIVE,
      soldAmount: 40n,
      boughtAmount: parseEther('2'),
    });
    await wasMovedBy(NATIVE, hash);
    await wasMovedBy(gold, hash);
    expect([watcher.amount(gold), watcher.amount(NATIVE)]).toEqual([60n, before + parseEther('2')]);
  });

  it('that buys a token', async () => {
    const order = { owner: alice, sold: gold, bought: silver, soldAmount: 40n, boughtAmount: 7n };
    const hash = await settle(order);
    await wasMovedBy(silver, hash);
    await wasMovedBy(gold, hash);
    expect([watcher.amount(gold), watcher.amount(silver)]).toEqual([60n, 7n]);
  });

  it('touches its owner’s tokens by itself, where they move without a Transfer', async () => {
    await silentMint(chain, gold, alice, 5n);
    await silentMint(chain, silver, alice, 6n);
    const hash = await say(settlement, gold, silver);
    await wasMovedBy(gold, hash);
    await wasMovedBy(silver, hash);
    expect([watcher.amount(gold), watcher.amount(silver)]).toEqual([105n, 6n]);
  });

  it('that somebody else tells of touches nothing', async () => {
    const impostor = await deploy(chain, 'SettlementLike');
    await silentMint(chain, gold, alice, 5n);
    const payer = await deploy(chain, 'Payer');
    await pay(chain, { from: chain.deployer, to: payer, amount: 50n });
    await isQuiet();
    const before = await balanceOf(chain, NATIVE, alice);
    reads.length = 0;
    await chain.automine(false);
    await say(impostor, gold, NATIVE);
    await call(chain, 'Payer', payer, 'pay', [alice, 9n]);
    await chain.mine();
    await chain.automine(true);
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(before + 9n));
    await isQuiet();
    // It was read because of the block, and not of the event: nothing that is named moved it.
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual([]);
    expect(reads).toHaveLength(1);
    expect(reads.join()).not.toContain(gold.slice(2));
    expect(watcher.amount(gold)).toBe(100n);
  });

  const word = 'f'.repeat(64);
  it.each<[string, Hex]>([
    ['no data', '0x'],
    ['half a word', `0x${'0'.repeat(30)}`],
    ['tokens alone', `0x${'0'.repeat(128)}`],
    ['words that are no addresses', `0x${word.repeat(9)}`],
  ])('told of with %s touches nothing and breaks nothing', async (_, data) => {
    await silentMint(chain, gold, alice, 5n);
    await isQuiet();
    reads.length = 0;
    await chain.automine(false);
    await call(chain, 'SettlementLike', settlement, 'sayBadly', [alice, data]);
    const minted = await mint(chain, silver, alice, 3n);
    await chain.mine();
    await chain.automine(true);
    await eventually(() => expect(watcher.amount(silver)).toBe(3n));
    await isQuiet();
    expect(watcher.latest?.balances.get(silver)?.transactions).toEqual([minted]);
    expect(reads.join()).not.toContain(gold.slice(2));
    expect(watcher.amount(gold)).toBe(100n);
  });
});

describe('an order placed through an eth-flow contract', () => {
  it('arrives by the Transfer of what it buys; coin, and what is paid back of it, by the read of the block', async () => {
    const ethFlow = await deploy(chain, 'EthFlowLike', [chain.weth, settlement]);
    const value = parseEther('3');
    const placed = await call(chain, 'EthFlowLike', ethFlow, 'createOrder', [], { from: alice, value });
    const afterOrder = await balanceOf(chain, NATIVE, alice);
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(afterOrder));
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual([placed]);

    const settled = await settle({
      owner: ethFlow,
      receiver: alice,
      sold: chain.weth,
      bought: gold,
      soldAmount: parseEther('2'),
      boughtAmount: 500n,
    });
    await eventually(() => expect(watcher.amount(gold)).toBe(600n));
    expect(watcher.latest?.balances.get(gold)?.transactions).toEqual([settled]);
    const { logs } = await chain.client.getTransactionReceipt({ hash: settled });
    expect(logs.some(({ address, topics }) => address === gold && topics[0] === TRANSFER)).toBe(true);

    await call(chain, 'EthFlowLike', ethFlow, 'refund', [alice, parseEther('1')]);
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(afterOrder + parseEther('1')));
    // A stranger had it paid back, so that nothing in the block names the wallet.
    expect(watcher.latest).toMatchObject({ cause: 'EVENT' });
    expect(watcher.latest?.balances.get(NATIVE)?.transactions).toEqual([]);
  });
});

describe('trades are asked for', () => {
  it.each([
    [31_337, true],
    [10, false],
  ])('in the first of the two filters, on chain %i: %s', async (chainId, isAsked) => {
    const other = running.use(await startTestChain({ chainId }));
    const between = running.use(await startNodeProxy(other));
    const filters: string[] = [];
    between.fault = async ({ method, params }, node) => {
      if (method === 'eth_getLogs') filters.push(JSON.stringify((params[0] as { topics: unknown }).topics));
      return await node();
    };
    const server = running.use(await startTestApp({ ...other, url: between.url, wsUrl: between.wsUrl }));
    using one = new Watcher(server, { chainId, owner: alice, customTokens: [gold] });
    await one.snapshot();
    await other.mine();
    await eventually(() => expect(filters).toHaveLength(2));
    expect(filters.map((topics) => topics.includes(TRADE))).toEqual([isAsked, false]);
  });
});
