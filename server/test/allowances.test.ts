import {
  encodeAbiParameters,
  encodeFunctionData,
  erc20Abi,
  keccak256,
  maxUint256,
  numberToHex,
  parseSignature,
} from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { APPROVAL, MOST_WALLETS_FILTERED } from '../chain/logs.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import type { WatchedPair } from '../ledger/pair.ts';
import type { LiveChain } from '../watch/served-chain.ts';
import { startTestChain, type TestChain, type Transaction } from './anvil.ts';
import { eventually, startLiveChain } from './app.ts';
import {
  allowanceOf,
  approve,
  call,
  deploy,
  deployManyTokens,
  deployToken,
  mint,
  transfer,
  transferFrom,
} from './contracts.ts';
import { Listener } from './listener.ts';
import { failure, type NodeProxy, type Passing, startNodeProxy } from './node-proxy.ts';

/** What others may spend of a wallet's tokens: true at every head, however it came about, at no cost per block. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let live: LiveChain;
let gold: Address;
let owner: Address;
let spender: Address;
let shop: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
  spender = await chain.newWallet();
  shop = await chain.newWallet();
  await mint(chain, gold, owner, 1000n);
  live = start();
});
afterEach(() => running.disposeAsync());

function start(environment = {}): LiveChain {
  return running.use(startLiveChain({ ...chain, url: proxy.url, wsUrl: proxy.wsUrl }, environment));
}

/** Listens to a wallet, and watches so much of it from the head on, until all of that was read. */
async function listen<W extends [token: Address, spender?: Address][]>(of: Address, ...what: W) {
  await quiet();
  const listener = new Listener(live, of);
  const pairs = what.map(([token, by]) => listener.watcher.add(token, by));
  await quiet();
  return { listener, pairs: pairs as { [Place in keyof W]: WatchedPair } };
}

/** The server stands at the chain's head, by hash, and has nothing left to read. */
async function quiet(): Promise<void> {
  await eventually(async () => {
    const { number, hash } = await chain.head();
    expect({ ...live.head(), waiting: live.ledger.unsettledCount }).toMatchObject({
      number,
      hash,
      waiting: 0,
    });
  });
}

/** Every request from now on; the fault goes first. */
function record(fault: NodeProxy['fault'] = (_, node) => node()): Passing[] {
  const requests: Passing[] = [];
  proxy.fault = async (request, node) => {
    requests.push(request);
    return await fault(request, node);
  };
  return requests;
}

const readsAllowances = ({ method, params }: Passing) =>
  method === 'eth_call' && JSON.stringify(params).includes('dd62ed3e');
const isScan = ({ method }: Passing) => method === 'eth_getLogs';
const scans = (requests: readonly Passing[]) => requests.filter(isScan);
const asksForApprovals = ({ params }: Passing) => JSON.stringify(params).includes(APPROVAL);

function approving(amount: bigint): Transaction {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, amount] });
  return { from: owner, to: gold, data };
}

describe('an allowance', () => {
  it('is told of as it is given and taken back, with the transaction', async () => {
    await approve(chain, gold, { owner, spender, amount: 5n });
    const { listener, pairs } = await listen(owner, [gold, spender], [gold]);
    const [pair, balance] = pairs;
    const given = await approve(chain, gold, { owner, spender, amount: 70n });
    await eventually(() => expect(listener.of(pair)).toHaveLength(2));
    const taken = await approve(chain, gold, { owner, spender, amount: 0n });
    await eventually(() => expect(listener.of(pair)).toHaveLength(3));
    expect(listener.of(pair)).toEqual([
      { amount: 5n, previousAmount: null, cause: 'SUBSCRIBED', transactions: [] },
      { amount: 70n, previousAmount: 5n, cause: 'EVENT', transactions: [given] },
      { amount: 0n, previousAmount: 70n, cause: 'EVENT', transactions: [taken] },
    ]);
    expect(pair.spender).toBe(spender);
    expect(listener.of(balance)).toHaveLength(1);
  });

  it('is told of as the spender draws on it, though no Approval tells of that', async () => {
    await approve(chain, gold, { owner, spender, amount: 100n });
    const { listener, pairs } = await listen(owner, [gold], [gold, spender], [gold, shop]);
    const [balance, pair, other] = pairs;
    const drawn = await transferFrom(chain, gold, { from: owner, to: shop, amount: 30n, spender });
    const { logs } = await chain.client.getTransactionReceipt({ hash: drawn });
    expect(logs.map(({ topics: [event] }) => event)).not.toContain(APPROVAL);
    await eventually(() =>
      expect(listener.of(pair).at(-1)).toEqual({
        amount: 70n,
        previousAmount: 100n,
        cause: 'EVENT',
        transactions: [drawn],
      }),
    );
    await eventually(() =>
      expect(listener.of(balance).at(-1)).toMatchObject({ amount: 970n, transactions: [drawn] }),
    );
    await quiet();
    // The other spender's was read, too, and nobody is told of what is as it was.
    expect(other.entry?.readAt.number).toBe((await chain.head()).number);
    expect(listener.of(other)).toHaveLength(1);
  });

  it('without end, which no draw makes smaller, is read and not told of', async () => {
    await approve(chain, gold, { owner, spender, amount: maxUint256 });
    const { listener, pairs } = await listen(owner, [gold], [gold, spender]);
    const [balance, pair] = pairs;
    await transferFrom(chain, gold, { from: owner, to: shop, amount: 1n, spender });
    await eventually(() => expect(listener.of(balance)).toHaveLength(2));
    await quiet();
    expect(pair.entry?.readAt.number).toBe((await chain.head()).number);
    expect(listener.of(pair)).toMatchObject([{ amount: maxUint256 }]);
  });

  it('is not read when the wallet receives, or another token leaves it', async () => {
    const silver = await deployToken(chain, { symbol: 'SLVR' });
    await mint(chain, silver, owner, 9n);
    const { listener, pairs } = await listen(owner, [gold], [silver], [gold, spender]);
    const [balance, other] = pairs;
    const requests = record();
    await mint(chain, gold, owner, 1n);
    await transfer(chain, silver, { from: owner, to: shop, amount: 1n });
    await eventually(() =>
      expect([listener.of(balance), listener.of(other)]).toMatchObject([
        [{}, {}],
        [{}, {}],
      ]),
    );
    await quiet();
    expect(requests.filter(readsAllowances)).toEqual([]);
  });

  it('of a token that wants it zero before another, and returns nothing, as USDT does', async () => {
    const usdt = await deploy(chain, 'UsdtLike');
    await mint(chain, usdt, owner, 500n);
    const { listener, pairs } = await listen(owner, [usdt, spender]);
    const [pair] = pairs;
    const amounts = () => listener.of(pair).map(({ amount }) => amount);
    const given = await approve(chain, usdt, { owner, spender, amount: 50n });
    await eventually(() => expect(amounts()).toEqual([0n, 50n]));
    await expect(approve(chain, usdt, { owner, spender, amount: 60n })).rejects.toThrow();
    const drawn = await transferFrom(chain, usdt, { from: owner, to: shop, amount: 20n, spender });
    await eventually(() => expect(amounts()).toEqual([0n, 50n, 30n]));
    const zeroed = await approve(chain, usdt, { owner, spender, amount: 0n });
    await eventually(() => expect(amounts()).toEqual([0n, 50n, 30n, 0n]));
    const again = await approve(chain, usdt, { owner, spender, amount: 60n });
    await eventually(() => expect(amounts()).toEqual([0n, 50n, 30n, 0n, 60n]));
    expect(listener.of(pair).flatMap(({ transactions }) => transactions)).toEqual([
      given,
      drawn,
      zeroed,
      again,
    ]);
  });

  it('to a Permit2, through which others draw, is told of as they do', async () => {
    const permit2 = await deploy(chain, 'Permit2Like');
    await approve(chain, gold, { owner, spender: permit2, amount: 100n });
    const { listener, pairs } = await listen(owner, [gold], [gold, permit2], [gold, spender]);
    const [, pair, other] = pairs;
    await call(chain, 'Permit2Like', permit2, 'approve', [gold, spender, 40n, 0], { from: owner });
    const drawn = await call(chain, 'Permit2Like', permit2, 'transferFrom', [owner, shop, 25n, gold], {
      from: spender,
    });
    await eventually(() =>
      expect(listener.of(pair)).toMatchObject([
        { amount: 100n },
        { amount: 75n, cause: 'EVENT', transactions: [drawn] },
      ]),
    );
    await quiet();
    // What Permit2 lets its spenders have is its own affair: at the token they have no allowance.
    expect(listener.of(other)).toMatchObject([{ amount: 0n }]);
    expect(pair.entry?.balance.amount).toBe(await allowanceOf(chain, gold, { owner, spender: permit2 }));
  });

  it('by a signature that somebody else brings (EIP-2612) is told of with their transaction', async () => {
    const token = await deploy(chain, 'PermitToken');
    const signer = privateKeyToAccount(generatePrivateKey());
    const from = signer.address.toLowerCase() as Address;
    const { listener, pairs } = await listen(from, [token, spender]);
    const [pair] = pairs;
    const signature = await signer.signTypedData({
      domain: { name: 'Permit Token (test)', version: '1', chainId: chain.chainId, verifyingContract: token },
      types: {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      message: { owner: from, spender, value: 12n, nonce: 0n, deadline: maxUint256 },
    });
    const { v, r, s } = parseSignature(signature);
    const brought = await call(
      chain,
      'PermitToken',
      token,
      'permit',
      [from, spender, 12n, maxUint256, v, r, s],
      { from: shop },
    );
    await eventually(() =>
      expect(listener.of(pair)).toMatchObject([
        { amount: 0n },
        { amount: 12n, cause: 'EVENT', transactions: [brought] },
      ]),
    );
  });

  it('that moved without any event is found by the sweep, and no transaction is named', async () => {
    await live[Symbol.asyncDispose]();
    live = start({ SNAPSHOT_INTERVAL: '0.2' });
    const { listener, pairs } = await listen(owner, [gold], [gold, spender]);
    const [balance, pair] = pairs;
    // Where a TestToken keeps allowances: a mapping of mappings in slot 1.
    const slotOf = (key: Address, slot: `0x${string}`) =>
      keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }], [key, slot]));
    const index = slotOf(spender, slotOf(owner, numberToHex(1, { size: 32 })));
    await chain.client.setStorageAt({ address: gold, index, value: numberToHex(33, { size: 32 }) });
    await chain.mine();
    await eventually(() =>
      expect(listener.of(pair)).toEqual([
        { amount: 0n, previousAmount: null, cause: 'SUBSCRIBED', transactions: [] },
        { amount: 33n, previousAmount: 0n, cause: 'RECONCILED', transactions: [] },
      ]),
    );
    expect(listener.of(balance)).toHaveLength(1);
  });

  it('goes back with the block that a reorganisation drops, and follows the one in its place', async () => {
    await approve(chain, gold, { owner, spender, amount: 5n });
    const { listener, pairs } = await listen(owner, [gold, spender]);
    const [pair] = pairs;
    const amounts = () => listener.of(pair).map(({ amount, cause }) => [amount, cause]);
    await approve(chain, gold, { owner, spender, amount: 70n });
    await eventually(() => expect(amounts().at(-1)).toEqual([70n, 'EVENT']));
    await chain.reorg(1);
    await eventually(() => expect(amounts().at(-1)).toEqual([5n, 'REORG']));
    expect(listener.of(pair).at(-1)?.transactions).toEqual([]);
    await approve(chain, gold, { owner, spender, amount: 80n });
    await eventually(() => expect(amounts().at(-1)).toEqual([80n, 'EVENT']));
    await chain.reorg(1, [approving(90n)]);
    await eventually(() => expect(amounts().at(-1)).toEqual([90n, 'REORG']));
    const { transactions } = await chain.client.getBlock();
    expect(listener.of(pair).at(-1)?.transactions).toEqual(transactions);
  });

  it('is had with all its transactions where blocks went by unheard', async () => {
    const { listener, pairs } = await listen(owner, [gold, spender]);
    const [pair] = pairs;
    proxy.loseHeads = true;
    const given = await approve(chain, gold, { owner, spender, amount: 50n });
    const drawn = await transferFrom(chain, gold, { from: owner, to: shop, amount: 20n, spender });
    await chain.mine(3);
    proxy.loseHeads = false;
    await chain.mine();
    await eventually(() =>
      expect(listener.of(pair)[1]).toEqual({
        amount: 30n,
        previousAmount: 0n,
        cause: 'EVENT',
        transactions: [given, drawn],
      }),
    );
  });

  it('is told of past 3,000 wallets, too, where one filter names none of them', async () => {
    const others = Array.from(
      { length: MOST_WALLETS_FILTERED },
      (_, index): Address => `0x${(index + 1).toString(16).padStart(40, '0')}`,
    );
    for (const other of others) live.owners.acquire(other);
    const { listener, pairs } = await listen(owner, [gold, spender]);
    const [pair] = pairs;
    const requests = record();
    const given = await approve(chain, gold, { owner, spender, amount: 50n });
    await eventually(() =>
      expect(listener.of(pair).at(-1)).toMatchObject({ amount: 50n, transactions: [given] }),
    );
    expect(scans(requests)).toHaveLength(1);
  });

  it('is none of the native coin', async () => {
    const watcher = live.owners.acquire(owner);
    expect(() => watcher.add(NATIVE, spender)).toThrow('the native coin has no allowances');
    watcher.add(NATIVE);
    await quiet();
    expect(live.ledger.pair(owner, NATIVE, spender)).toBeUndefined();
  });

  it('that nobody watches any more is told of no more, and the balance still is', async () => {
    const { listener, pairs } = await listen(owner, [gold], [gold, spender]);
    const [balance, pair] = pairs;
    listener.watcher.remove(pair);
    await approve(chain, gold, { owner, spender, amount: 50n });
    await transferFrom(chain, gold, { from: owner, to: shop, amount: 20n, spender });
    await eventually(() => expect(listener.of(balance).at(-1)?.amount).toBe(980n));
    await quiet();
    expect(listener.of(pair)).toHaveLength(1);
  });
});

describe('a token of which one function fails', () => {
  const Mood = { Well: 0, Reverts: 1, Invalid: 2 } as const;
  const moods = (token: Address, ofBalances: number, ofAllowances: number) =>
    call(chain, 'TwoFacedToken', token, 'setMoods', [ofBalances, ofAllowances]);
  let token: Address;

  beforeEach(async () => {
    token = await deploy(chain, 'TwoFacedToken');
    await mint(chain, token, owner, 8n);
    await approve(chain, token, { owner, spender, amount: 6n });
  });

  it.each([
    ['reverts', Mood.Reverts, 'allowance reverted'],
    ['burns all gas', Mood.Invalid, 'allowance uses up all the gas that it is given'],
  ])(
    'has its balance read where allowance %s, and the allowance once it is mended',
    async (_, mood, reason) => {
      await moods(token, Mood.Well, mood);
      const { listener, pairs } = await listen(owner, [token], [token, spender], [gold], [gold, spender]);
      const [balance, pair, ...others] = pairs;
      expect(pair.entry?.balance).toMatchObject({ amount: null, reason });
      expect(balance.entry?.balance.amount).toBe(8n);
      expect(others.map(({ entry }) => entry?.balance.amount)).toEqual([1000n, 0n]);
      await mint(chain, token, owner, 1n);
      await eventually(() => expect(listener.of(balance).at(-1)?.amount).toBe(9n));
      await moods(token, Mood.Well, Mood.Well);
      await eventually(() => expect(pair.entry?.balance).toMatchObject({ amount: 6n, reason: null }));
      // All the while the balance was read well.
      expect(listener.of(balance).map(({ amount }) => amount)).toEqual([8n, 9n]);
    },
  );

  it.each([
    ['reverts', Mood.Reverts, 'balanceOf reverted'],
    ['burns all gas', Mood.Invalid, 'balanceOf uses up all the gas that it is given'],
  ])(
    'has its allowances read where balanceOf %s, and the balance once it is mended',
    async (_, mood, reason) => {
      await moods(token, mood, Mood.Well);
      const { listener, pairs } = await listen(owner, [token], [token, spender], [gold], [gold, spender]);
      const [balance, pair, ...others] = pairs;
      expect(balance.entry?.balance).toMatchObject({ amount: null, reason });
      expect(pair.entry?.balance.amount).toBe(6n);
      expect(others.map(({ entry }) => entry?.balance.amount)).toEqual([1000n, 0n]);
      const given = await approve(chain, token, { owner, spender, amount: 7n });
      await eventually(() =>
        expect(listener.of(pair).at(-1)).toMatchObject({ amount: 7n, transactions: [given] }),
      );
      await moods(token, Mood.Well, Mood.Well);
      await eventually(() => expect(balance.entry?.balance).toMatchObject({ amount: 8n, reason: null }));
      expect(listener.of(pair).map(({ amount }) => amount)).toEqual([6n, 7n]);
    },
  );

  it('has no allowances where it has no such function, as the reason says', async () => {
    const fickle = await deploy(chain, 'FickleToken');
    await mint(chain, fickle, owner, 4n);
    const { pairs } = await listen(owner, [fickle], [fickle, spender]);
    expect(pairs.map(({ entry }) => entry?.balance)).toMatchObject([
      { amount: 4n },
      { amount: null, reason: 'allowance reverted' },
    ]);
  });
});

describe('what allowances cost', () => {
  it('no request a block: they are asked for with the balances, and approvals with the transfers', async () => {
    const { listener, pairs } = await listen(owner, [gold]);
    const [balance] = pairs;
    const costOf = async (happens: () => Promise<Hash>, told: () => unknown) => {
      const before = told();
      const requests = record();
      await happens();
      await eventually(() => expect(told()).not.toEqual(before));
      await quiet();
      const count = (asked: string) => requests.filter(({ method }) => method === asked).length;
      return { eth_call: count('eth_call'), eth_getLogs: count('eth_getLogs') };
    };
    const move = () => transfer(chain, gold, { from: owner, to: shop, amount: 1n });
    const ofBalances = await costOf(move, () => listener.of(balance).length);
    expect(ofBalances).toEqual({ eth_call: 1, eth_getLogs: 2 });
    const spenders = await Promise.all([...Array(10)].map(() => chain.newWallet()));
    const allowances = spenders.map((each) => listener.watcher.add(gold, each));
    await quiet();
    expect(await costOf(move, () => listener.of(balance).length)).toEqual(ofBalances);
    const [first] = spenders;
    const give = () => approve(chain, gold, { owner, spender: first ?? owner, amount: 9n });
    expect(await costOf(give, () => allowances[0]?.entry?.balance.amount)).toEqual(ofBalances);
  });

  it('500 of them and balances go into one read', async () => {
    const tokens = await deployManyTokens(chain, 91, { owner });
    await quiet();
    const spenders = await Promise.all([...Array(10)].map(() => chain.newWallet()));
    const requests = record();
    const watched = (count: number) =>
      tokens
        .slice(0, count)
        .flatMap((token): [Address, Address?][] => [
          [token],
          ...spenders.map((each): [Address, Address] => [token, each]),
        ]);
    // 91 × 11 = 1,001.
    await listen(owner, ...watched(91));
    expect(requests.filter(({ method }) => method === 'eth_call')).toHaveLength(3);
  });

  it('nothing for whom does not watch any: approvals are asked for while somebody does', async () => {
    const { listener } = await listen(owner, [gold]);
    const asked = async () => {
      const requests = record();
      await chain.mine();
      await quiet();
      return scans(requests).some(asksForApprovals);
    };
    expect(await asked()).toBe(false);
    const pairs = [listener.watcher.add(gold, spender), listener.watcher.add(gold, shop)];
    expect(await asked()).toBe(true);
    for (const pair of pairs) listener.watcher.remove(pair);
    expect(await asked()).toBe(false);
    const [again] = (await listen(owner, [gold, spender])).pairs;
    expect(await asked()).toBe(true);
    await approve(chain, gold, { owner, spender, amount: 3n });
    await eventually(() => expect(again.entry?.balance.amount).toBe(3n));
  });
});

describe('the first allowance', () => {
  it('that comes while a block is scanned without approvals does not miss that of the block', async () => {
    const { listener } = await listen(owner, [gold]);
    const gate = Promise.withResolvers<void>();
    const requests = record(async (request, node) => {
      const answer = await node();
      if (isScan(request)) await gate.promise;
      return answer;
    });
    await approve(chain, gold, { owner, spender, amount: 50n });
    await eventually(() => expect(scans(requests).length).toBeGreaterThanOrEqual(2));
    const pair = listener.watcher.add(gold, spender);
    // Read at the block before.
    await eventually(() => expect(pair.entry?.balance.amount).toBe(0n));
    gate.resolve();
    await eventually(() => expect(pair.entry?.balance.amount).toBe(50n));
    expect(listener.of(pair)).toMatchObject([{ cause: 'SUBSCRIBED' }, { cause: 'EVENT' }]);
    expect(scans(requests).some(asksForApprovals)).toBe(false);
  });

  it('does not miss that of a block whose scan without approvals was kept from a try that failed', async () => {
    const { listener } = await listen(owner, [gold]);
    const before = (await chain.head()).number;
    proxy.loseHeads = true;
    await approve(chain, gold, { owner, spender, amount: 50n });
    const { hash: kept } = await chain.head();
    const isOfKept = ({ params: [filter] }: Passing) => (filter as { blockHash: Hash }).blockHash === kept;
    let isFailing = true;
    let answered = 0;
    const gate = Promise.withResolvers<void>();
    const requests = record(async (request, node) => {
      if (isScan(request) && isFailing && !isOfKept(request))
        return failure(request, -32603, 'Internal error');
      const answer = await node();
      if (isScan(request) && isOfKept(request)) answered += 1;
      if (readsAllowances(request) && !isFailing) await gate.promise;
      return answer;
    });
    await chain.mine(2);
    proxy.loseHeads = false;
    const tip = await chain.mine();
    await eventually(() =>
      expect({ answered, healthy: live.health().healthy }).toEqual({ answered: 2, healthy: false }),
    );
    const pair = listener.watcher.add(gold, spender);
    await eventually(() => expect(pair.entry?.balance.amount).toBe(0n));
    isFailing = false;
    await eventually(() => expect(live.head()?.hash).toBe(tip.hash));
    // Nobody is told that all is known as of a block in which it may not be.
    expect(live.ledger.settledThrough(owner)?.number).toBe(before);
    gate.resolve();
    await eventually(() => expect(pair.entry?.balance.amount).toBe(50n));
    expect(scans(requests).filter(isOfKept).map(asksForApprovals)).toEqual([false, false]);
    expect(scans(requests).some(asksForApprovals)).toBe(true);
  });
});
