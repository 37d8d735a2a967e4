import { encodeFunctionData, erc20Abi, maxUint256 } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createBalancesClient } from '../../client/index.ts';
import type { App } from '../app.ts';
import { type Address, type Hash, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployToken, mint } from './contracts.ts';
import { RestStream, rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** A session that watches spenders: what they may still take of each token, at every door that can say so. */
const CLIENT = '0b8a6c5e-6d0a-4f0e-9a55-1f2d3c4b5a69';
let chain: TestChain;
let app: App;
let gold: Address;
let running: DisposableStack;
let owner: Address;
let dex: Address;
let bridge: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  app = await startTestApp(chain);
});
beforeEach(async () => {
  running = new DisposableStack();
  [owner, dex, bridge] = [await chain.newWallet(), await chain.newWallet(), await chain.newWallet()];
});
afterEach(() => running.dispose());
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

const approve = (token: Address, spender: Address, amount: bigint): Promise<Hash> =>
  chain.send({
    from: owner,
    to: token,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, amount] }),
  });

const draw = (token: Address, spender: Address, amount: bigint): Promise<Hash> =>
  chain.send({
    from: spender,
    to: token,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'transferFrom', args: [owner, dex, amount] }),
  });

const watch = (rest: { spenders?: Address[]; clientId?: string; customTokens?: Address[] } = {}) =>
  running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold], ...rest }));

const allowance = (watcher: Watcher, token: Address, spender: Address) =>
  watcher.latest?.allowances.get(token, spender)?.amount;

const client = () => running.adopt(createBalancesClient({ url: app.url }), (one) => one.dispose());

it('the snapshot holds every watched token to every spender, the native coin left out', async () => {
  await approve(gold, dex, 7n);
  const watcher = watch({ spenders: [dex, bridge] });
  const { allowances } = await watcher.snapshot();
  expect(allowances.size).toBe(4);
  await eventually(() => expect(allowance(watcher, gold, dex)).toBe(7n));
  expect(allowance(watcher, gold, bridge)).toBe(0n);
  expect(allowance(watcher, chain.weth, dex)).toBe(0n);
  expect(allowances.get(NATIVE, dex)).toBeUndefined();
});

it('what is approved, and what is drawn, is told with its transaction', async () => {
  await mint(chain, gold, owner, 100n);
  const watcher = watch({ spenders: [dex] });
  await watcher.snapshot();
  const approved = await approve(gold, dex, 50n);
  await eventually(() => expect(allowance(watcher, gold, dex)).toBe(50n));
  expect(watcher.latest?.allowances.get(gold, dex)).toMatchObject({
    previousAmount: 0n,
    transactions: [approved],
  });
  expect(watcher.latest?.changedAllowances).toEqual([{ token: gold, spender: dex }]);

  const drawn = await draw(gold, dex, 20n);
  await eventually(() => {
    expect(allowance(watcher, gold, dex)).toBe(30n);
    expect(watcher.amount(gold)).toBe(80n);
  });
  expect(watcher.latest?.allowances.get(gold, dex)).toMatchObject({
    previousAmount: 50n,
    transactions: [drawn],
  });
  await approve(gold, dex, maxUint256);
  await eventually(() => expect(allowance(watcher, gold, dex)).toBe(maxUint256));
});

it('a spender that is added is told of; the REST stream of the same session hears nothing of it', async () => {
  const silver = await deployToken(chain, { symbol: 'SILVER' });
  const input = { chainId: chain.chainId, owner, customTokens: [gold] };
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, clientId: CLIENT }));
  await watcher.client.createSession(input);
  await eventually(() => expect(watcher.amount(gold)).toBe(0n));
  const headers = { 'x-client-id': CLIENT };
  using stream = new RestStream(app, `/sse/${chain.chainId}/balances/${owner}`, headers);
  await eventually(() => expect(stream.events).toHaveLength(1));
  await approve(gold, dex, 5n);
  const session = await watcher.client.updateSession({ ...input, spenders: [dex] });
  expect(session.spenders.map((one) => one.toLowerCase())).toEqual([dex]);
  await eventually(() => expect(allowance(watcher, gold, dex)).toBe(5n));
  // Who changes the tokens leaves the spenders as they are.
  await watcher.client.updateSession({ ...input, customTokens: [gold, silver] });
  await eventually(() => expect(allowance(watcher, silver, dex)).toBe(0n));
  await approve(silver, dex, 9n);
  await eventually(() => expect(allowance(watcher, silver, dex)).toBe(9n));
  await mint(chain, gold, owner, 1n);
  await eventually(() => expect(stream.folded[gold]).toBe('1'));
  const told = stream.events.flatMap(({ balances }) => Object.keys(balances));
  expect(new Set(told)).toEqual(new Set([NATIVE, chain.weth, gold, silver]));
});

it("a client's own spenders are set exactly: one that is taken out is gone from the next snapshot", async () => {
  const watcher = watch({ clientId: CLIENT, spenders: [dex, bridge] });
  await watcher.snapshot();
  expect(allowance(watcher, gold, bridge)).toBe(0n);
  await client().updateSession({
    chainId: chain.chainId,
    owner,
    clientId: CLIENT,
    customTokens: [gold],
    spenders: [dex],
  });
  await eventually(() => expect(watcher.latest?.allowances.get(gold, bridge)).toBeUndefined());
  expect(watcher.latest).toMatchObject({ kind: 'SNAPSHOT', cause: 'SESSION_CHANGED' });
  expect(allowance(watcher, gold, dex)).toBe(0n);
  expect(watcher.amount(gold)).toBe(0n);
});

it('a token that leaves takes its allowances with it', async () => {
  const silver = await deployToken(chain, { symbol: 'SILVER' });
  const own = client();
  const wallet = { chainId: chain.chainId, owner };
  await own.createSession({ ...wallet, customTokens: [gold, silver], spenders: [dex] });
  const watched = own.watchBalances(wallet);
  running.defer(watched.subscribe(() => {}));
  await eventually(() => expect(watched.getSnapshot().allowances.get(gold, dex)?.amount).toBe(0n));
  await own.updateSession({ ...wallet, customTokens: [silver] });
  await eventually(() => expect(watched.getSnapshot().balances.has(gold)).toBe(false));
  const { allowances } = watched.getSnapshot();
  expect(allowances.get(gold, dex)).toBeUndefined();
  expect(allowances.get(silver, dex)?.amount).toBe(0n);
});

it('ten spenders, and not eleven, over all that share a session', async () => {
  const spenders = (count: number, from = 0) =>
    Array.from(
      { length: count },
      (_, index): Address => `0x${(0x9000 + from + index).toString(16).padStart(40, '0')}`,
    );
  const create = async (given: readonly Address[]) => {
    const query = 'mutation ($input: SessionInput!) { createSession(input: $input) { spenders } }';
    const input = { chainId: chain.chainId, owner, customTokens: [gold], spenders: given };
    return (await rest(app, 'POST', '/graphql', { body: { query, variables: { input } } })).json;
  };
  const refused = {
    errors: [
      {
        message: expect.stringContaining('11 spenders exceed the limit of 10'),
        extensions: { code: 'TOKEN_LIMIT_EXCEEDED' },
      },
    ],
  };
  expect(await create(spenders(10))).toMatchObject({ data: { createSession: { spenders: spenders(10) } } });
  expect(await create(spenders(11))).toMatchObject(refused);
  expect(await create(spenders(1, 10))).toMatchObject(refused);
});

it('of two watches that want eleven spenders together the later one fails, and the first goes on', async () => {
  const others = Array.from(
    { length: 10 },
    (_, index): Address =>
      `0x${String(index + 1)
        .repeat(40)
        .slice(0, 40)}`,
  );
  const first = watch({ spenders: [dex] });
  await first.snapshot();
  const input = { chainId: chain.chainId, owner, customTokens: [gold], spenders: others };
  const second = first.client.watchBalances(input)[Symbol.asyncIterator]();
  await expect(second.next()).rejects.toMatchObject({ code: 'TOKEN_LIMIT_EXCEEDED' });
  await approve(gold, dex, 3n);
  await eventually(() => expect(allowance(first, gold, dex)).toBe(3n));
  expect(first.latest?.status).toMatchObject({ state: 'live', error: null });
});
