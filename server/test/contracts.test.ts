import { encodeFunctionData, erc20Abi, type Hex, hexToString, stringToHex, trim } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NATIVE } from '../chain/types.ts';
import { artifact } from '../devchain/contracts/artifacts.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually } from './app.ts';
import * as on from './contracts.ts';

let chain: TestChain;
beforeAll(async () => {
  chain = await startTestChain();
});
afterAll(() => chain[Symbol.asyncDispose]());

test('a thousand tokens by decree are as good as deployed ones', async () => {
  const [owner, other] = [await chain.newWallet(), await chain.newWallet()];
  const tokens = await on.deployManyTokens(chain, 1_000, { owner, amount: (index) => BigInt(index) });
  const [first = NATIVE, last = NATIVE] = [tokens[0], tokens.at(-1)];
  expect(await on.balanceOf(chain, first, owner)).toBe(0n);
  expect(await on.balanceOf(chain, last, owner)).toBe(999n);
  expect(await chain.client.readContract({ abi: erc20Abi, address: last, functionName: 'symbol' })).toBe(
    'T999',
  );
  expect(await chain.client.readContract({ abi: erc20Abi, address: last, functionName: 'decimals' })).toBe(
    18,
  );
  await on.transfer(chain, last, { from: owner, to: other, amount: 9n });
  expect(await on.balanceOf(chain, last, owner)).toBe(990n);
});

test('with automine off, what is sent waits for one block, in order', async () => {
  const [from, to] = [await chain.newWallet(), await chain.newWallet()];
  const token = await on.deployToken(chain);
  await on.mint(chain, token, from, 100n);
  await chain.automine(false);
  const before = await chain.head();
  const hashes = await Promise.all(
    Array.from({ length: 50 }, () => on.transfer(chain, token, { from, to, amount: 1n })),
  );
  expect(await on.balanceOf(chain, token, to)).toBe(0n);
  const block = await chain.mine();
  await chain.automine(true);
  expect(block.number).toBe(before.number + 1);
  expect((await chain.client.getBlock({ blockHash: block.hash })).transactions).toEqual(hashes);
  expect(await on.balanceOf(chain, token, to)).toBe(50n);
  expect(await on.balanceOf(chain, token, to, before.hash)).toBe(0n);
});

test('a reorg takes back what the replaced blocks did, and can do other things', async () => {
  const [from, to] = [await chain.newWallet(), await chain.newWallet()];
  const token = await on.deployToken(chain);
  await on.mint(chain, token, from, 100n);
  await on.transfer(chain, token, { from, to, amount: 1n });
  const before = await chain.mine();
  const after = await chain.reorg(2, [
    {
      from,
      to: token,
      data: encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, 7n] }),
    },
  ]);
  expect(after.number).toBe(before.number);
  expect(after.hash).not.toBe(before.hash);
  expect(await on.balanceOf(chain, token, to)).toBe(7n);
});

test('a killed node comes back on the same chain, and goes back no further than that', async () => {
  await using chain = await startTestChain();
  await chain.mine(3);
  const { number } = await chain.head();
  await chain.kill();
  await chain.up();
  // What its last second brought may be missing.
  const { number: upSince } = await chain.head();
  expect(upSince).toBeLessThanOrEqual(number);
  expect(chain.upSince).toBe(upSince);
  await chain.mine(2);
  await chain.reorg(2);
  await expect(chain.reorg(3)).rejects.toThrow(`block ${upSince - 1} is older than the node knows`);
});

test('by the clock, blocks come by themselves until it is stopped', async () => {
  await using chain = await startTestChain();
  await chain.mineEvery(1);
  const { number } = await chain.head();
  await eventually(async () => expect((await chain.head()).number).toBeGreaterThan(number));
  await chain.automine(false);
});

test('the node goes down and comes up on the same chain', async () => {
  const owner = await chain.newWallet(5n);
  await chain.setNativeBalance(owner, 6n);
  const head = await chain.head();
  await chain.down();
  await expect(fetch(chain.url)).rejects.toThrow();
  await chain.up();
  expect(await chain.head()).toEqual(head);
  expect(await on.balanceOf(chain, NATIVE, owner)).toBe(6n);
});

test('coin is wrapped and unwrapped, paid plainly and from inside a contract', async () => {
  const [owner, to] = [await chain.newWallet(1_000n * 10n ** 18n), await chain.newWallet(0n)];
  await on.wrap(chain, owner, 5n);
  await on.unwrap(chain, owner, 2n);
  expect(await on.balanceOf(chain, chain.weth, owner)).toBe(3n);
  const payer = await on.deploy(chain, 'Payer');
  await on.pay(chain, { from: owner, to: payer, amount: 10n });
  await on.pay(chain, { from: owner, to, amount: 1n });
  const hash = await on.payFromContract(chain, { from: payer, to, amount: 4n });
  expect((await chain.client.getTransactionReceipt({ hash })).logs).toEqual([]);
  expect(await on.balanceOf(chain, NATIVE, to)).toBe(5n);
});

test('a Payer makes many transfers in one transaction, of a token that returns nothing too', async () => {
  const [to, payer] = [await chain.newWallet(), await on.deploy(chain, 'Payer')];
  const token = await on.deploy(chain, 'UsdtLike');
  await on.mint(chain, token, payer, 100n);
  const hash = await on.transferMany(chain, token, { from: payer, to, amount: 2n }, 50);
  expect((await chain.client.getTransactionReceipt({ hash })).logs).toHaveLength(50);
  expect(await on.balanceOf(chain, token, to)).toBe(100n);
});

test('the one like USDT takes a fee and can be paused', async () => {
  const [from, to, treasury] = [await chain.newWallet(), await chain.newWallet(), await chain.newWallet()];
  const token = await on.deploy(chain, 'UsdtLike');
  await on.mint(chain, token, from, 1_000n);
  await on.call(chain, 'UsdtLike', token, 'setFee', [100n, treasury]);
  await on.transfer(chain, token, { from, to, amount: 500n });
  expect(await on.balanceOf(chain, token, to)).toBe(495n);
  expect(await on.balanceOf(chain, token, treasury)).toBe(5n);
  await on.call(chain, 'UsdtLike', token, 'pause');
  await expect(on.transfer(chain, token, { from, to, amount: 1n })).rejects.toThrow();
  await on.call(chain, 'UsdtLike', token, 'unpause');
  await on.transfer(chain, token, { from, to, amount: 100n });
});

test('balances move without an event by rebasing and by a silent mint', async () => {
  const owner = await chain.newWallet();
  const rebasing = await on.deploy(chain, 'RebasingToken');
  await on.mint(chain, rebasing, owner, 1_000n);
  const rebase = await on.call(chain, 'RebasingToken', rebasing, 'rebase', [1_100_000_000_000_000_000n]);
  expect(await on.balanceOf(chain, rebasing, owner)).toBe(1_100n);
  const token = await on.deployToken(chain);
  const silent = await on.silentMint(chain, token, owner, 5n);
  expect(await on.balanceOf(chain, token, owner)).toBe(5n);
  for (const hash of [rebase, silent])
    expect((await chain.client.getTransactionReceipt({ hash })).logs).toEqual([]);
});

test('one has its name and symbol in bytes32', async () => {
  const token = await on.deploy(chain, 'Bytes32Token', [
    stringToHex('Maker', { size: 32 }),
    stringToHex('MKR', { size: 32 }),
  ]);
  const { abi } = artifact('Bytes32Token');
  const symbol = (await chain.client.readContract({ abi, address: token, functionName: 'symbol' })) as Hex;
  expect(hexToString(trim(symbol, { dir: 'right' }))).toBe('MKR');
});

test('the hostile ones are', async () => {
  const owner = await chain.newWallet();
  const { abi } = artifact('RevertingToken');
  const data = encodeFunctionData({ abi, functionName: 'balanceOf', args: [owner] });
  const ask = async (contract: 'RevertingToken' | 'EndlessToken' | 'SizedAnswerToken', args?: bigint[]) => {
    const to = await on.deploy(chain, contract, args);
    const { data: answer = '0x' } = await chain.client.call({ to, data, gas: 20_000_000n });
    return (answer.length - 2) / 2;
  };
  await expect(ask('RevertingToken')).rejects.toThrow('no balance for you');
  await expect(ask('EndlessToken')).rejects.toThrow(/gas/i);
  for (const size of [0, 31, 64, 1_000_000, 2_000_000])
    expect(await ask('SizedAnswerToken', [BigInt(size)])).toBe(size);
});
