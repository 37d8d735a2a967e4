import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Address, NATIVE } from '../chain/types.ts';
import { Holdings } from '../watch/holdings.ts';
import type { LiveChain } from '../watch/served-chain.ts';
import { Watch } from '../watch/watch.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startLiveChain } from './app.ts';
import { approve, call, deploy, deployToken, mint, mintTransaction } from './contracts.ts';

/** What one subscriber is told that takes nothing for a while, or comes back, after the chain has moved on. */
let chain: TestChain;
let live: LiveChain;
let holdings: Holdings;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;
let spender: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  gold = await deployToken(chain);
  [owner, spender] = [await chain.newWallet(), await chain.newWallet()];
  live = running.use(startLiveChain(chain));
  const { ledger, owners } = live;
  const { chainId } = chain;
  holdings = running.use(
    new Holdings({ chainId, name: 'a', ledger, owners, idleTtlMs: 600_000, expired: () => {} }),
  );
  holdings.add([{ owner, token: gold }]);
});
afterEach(() => running.disposeAsync());

const watch = (after?: string) => new Watch({ holdings, after, news: () => {}, ended: () => {} });

const quiet = () =>
  eventually(async () => {
    expect(live.ledger.head?.hash).toBe((await chain.head()).hash);
    expect(live.ledger.unsettledCount).toBe(0);
  });

/** The subscriber's first update. */
async function snapshotOf(subscriber: Watch): Promise<void> {
  await quiet();
  expect(subscriber.take()?.kind).toBe('SNAPSHOT');
}

it('a transaction whose block was replaced before it was told is told to nobody', async () => {
  const subscriber = watch();
  await snapshotOf(subscriber);
  const stands = await mint(chain, gold, owner, 1n);
  await quiet();
  const lost = await mint(chain, gold, owner, 2n);
  await quiet();
  await chain.reorg(1, [mintTransaction(chain, gold, owner, 4n)]);
  await quiet();
  const [kept] = (await chain.client.getBlock()).transactions;
  const [told] = subscriber.take()?.balances ?? [];
  expect(told).toMatchObject({ amount: 5n, previousAmount: 0n });
  expect(told?.transactions).toContain(kept);
  for (const transaction of told?.transactions ?? []) expect([stands, kept]).toContain(transaction);
  expect(told?.transactions).not.toContain(lost);
});

it('an amount that came back is told where what was told of it is lost', async () => {
  const subscriber = watch();
  await snapshotOf(subscriber);
  await mint(chain, gold, owner, 3n);
  await quiet();
  expect(subscriber.take()?.balances).toMatchObject([{ amount: 3n }]);
  const { number } = await chain.head();
  await chain.reorg(1, [{ from: chain.deployer, to: owner, value: 1n }]);
  await quiet();
  const again = await mint(chain, gold, owner, 3n);
  await quiet();
  const { hash } = await chain.head();
  expect(subscriber.take()?.balances).toMatchObject([
    { amount: 3n, previousAmount: 3n, transactions: [again], block: { number: number + 1, hash } },
  ]);
  expect(subscriber.take()).toBeUndefined();
});

it('an allowance that became unreadable is gone for who comes back, and was held before', async () => {
  const token = await deploy(chain, 'TwoFacedToken');
  await approve(chain, token, { owner, spender, amount: 6n });
  holdings.add([
    { owner, token },
    { owner, token, spender },
  ]);
  const subscriber = watch();
  await snapshotOf(subscriber);
  const { cursor } = subscriber;
  await call(chain, 'TwoFacedToken', token, 'setMoods', [0, 1]);
  await approve(chain, token, { owner, spender, amount: 7n });
  await quiet();
  for (const one of [subscriber, watch(cursor)])
    expect(one.take()).toMatchObject({ kind: 'SNAPSHOT', allowances: [] });
  expect(
    watch(cursor)
      .take()
      ?.balances.map(({ token: address }) => address),
  ).toEqual([gold, token]);
});

it('an allowance that never could be read begins nothing anew', async () => {
  const subscriber = watch();
  await snapshotOf(subscriber);
  const token = await deploy(chain, 'RevertingToken');
  holdings.add([
    { owner, token },
    { owner, token, spender },
    { owner, token: NATIVE },
  ]);
  await quiet();
  expect(subscriber.take()).toMatchObject({ kind: 'DIFF', allowances: [] });
});
