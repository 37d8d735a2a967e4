import { parseEther, parseUnits, stringToHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WatchedBalance } from '../../client/index.ts';
import type { App } from '../app.ts';
import { type Address, NATIVE } from '../chain/types.ts';
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
  silentMint,
  transfer,
  unwrap,
  wrap,
} from './contracts.ts';
import { Watcher } from './watcher.ts';

let chain: TestChain;
let app: App;
let gold: Address;
let usdc: Address;
let nobody: Address;

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
  usdc = await deployToken(chain, { symbol: 'USDC', name: 'USD Coin', decimals: 6 });
  nobody = await chain.newWallet();
  app = await startTestApp(chain);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});

function watch(owner: Address, ...customTokens: Address[]): Watcher {
  return new Watcher(app, { chainId: chain.chainId, owner, customTokens });
}

function inWords({ token, formatted, status }: WatchedBalance): string {
  return `${token.symbol} ${formatted} ${status}`;
}

/** The chain and the client agree on everything that the client watches. */
async function agree(watcher: Watcher, owner: Address): Promise<void> {
  await eventually(async () => {
    for (const { token, amount } of watcher.latest?.balances.values() ?? []) {
      const address = token.address.toLowerCase() as Address;
      expect({ address, amount }).toEqual({ address, amount: await balanceOf(chain, address, owner) });
    }
  });
}

describe('a wallet that is watched', () => {
  it('is told first of everything: zeros, the native coin and its wrapped token included', async () => {
    const owner = await chain.newWallet(parseEther('3'));
    await mint(chain, usdc, owner, parseUnits('12.5', 6));
    using watcher = watch(owner, gold, usdc);
    const { kind, cause, balances, block } = await watcher.snapshot();
    expect({ kind, cause }).toEqual({ kind: 'SNAPSHOT', cause: 'SUBSCRIBED' });
    expect(balances.size).toBe(4);
    // It is exactly what the chain says as of the block that it names.
    const { hash } = await chain.client.getBlock({ blockNumber: block?.number ?? 0n });
    expect(block?.hash).toBe(hash);
    for (const { token, amount } of balances.values())
      expect(amount).toBe(await balanceOf(chain, token.address.toLowerCase() as Address, owner, hash));
    await eventually(() =>
      expect([...(watcher.latest?.balances.values() ?? [])].map(inWords).sort()).toEqual([
        'ETH 3 OK',
        'GOLD 0 OK',
        'USDC 12.5 OK',
        'WETH 0 OK',
      ]),
    );
  });

  it('sees transfers in, out and to itself, each with its transaction', async () => {
    const owner = await chain.newWallet();
    using watcher = watch(owner, gold);
    await watcher.snapshot();

    const minted = await mint(chain, gold, owner, 100n);
    await eventually(() => expect(watcher.amount(gold)).toBe(100n));
    expect(watcher.latest).toMatchObject({ kind: 'DIFF', cause: 'EVENT' });
    const received = [...(watcher.latest?.balances.values() ?? [])].find(
      ({ token }) => token.symbol === 'GOLD',
    );
    expect(received).toMatchObject({ previousAmount: 0n, transactions: [minted] });

    await transfer(chain, gold, { from: owner, to: nobody, amount: 30n });
    await eventually(() => expect(watcher.amount(gold)).toBe(70n));
    await transfer(chain, gold, { from: owner, to: owner, amount: 70n });
    await transfer(chain, gold, { from: owner, to: nobody, amount: 1n });
    await eventually(() => expect(watcher.amount(gold)).toBe(69n));
    await agree(watcher, owner);
  });

  it('sees wraps and unwraps, which emit no Transfer', async () => {
    const owner = await chain.newWallet(parseEther('5'));
    using watcher = watch(owner, gold);
    await watcher.snapshot();
    await wrap(chain, owner, parseEther('2'));
    await eventually(() => expect(watcher.amount(chain.weth)).toBe(parseEther('2')));
    await unwrap(chain, owner, parseEther('0.5'));
    await eventually(() => expect(watcher.amount(chain.weth)).toBe(parseEther('1.5')));
    await agree(watcher, owner);
  });

  it('sees native payments by plain transactions and from inside a contract, which leave no log', async () => {
    const owner = await chain.newWallet(0n);
    const payer = await deploy(chain, 'Payer');
    await pay(chain, { from: nobody, to: payer, amount: parseEther('1') });
    using watcher = watch(owner, gold);
    await watcher.snapshot();
    await pay(chain, { from: nobody, to: owner, amount: 7n });
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(7n));
    await payFromContract(chain, { from: payer, to: owner, amount: 5n });
    await eventually(() => expect(watcher.amount(NATIVE)).toBe(12n));
  });

  it('is not disturbed by ERC-721 transfers or by what moves between strangers', async () => {
    const owner = await chain.newWallet();
    using watcher = watch(owner, gold);
    await watcher.snapshot();
    await mint(chain, gold, nobody, 5n);
    await mint(chain, usdc, owner, 5n);
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(watcher.amount(gold)).toBe(1n));
    const diffs = watcher.states.filter(({ kind }) => kind === 'DIFF');
    expect(diffs.flatMap(({ changes }) => changes.map(({ token }) => token.symbol))).toEqual(['GOLD']);
    expect(watcher.amount(usdc)).toBeUndefined();
  });

  it('works with USDT, whose transfers return nothing', async () => {
    const owner = await chain.newWallet();
    const usdt = await deploy(chain, 'UsdtLike');
    using watcher = watch(owner, usdt);
    await watcher.snapshot();
    await mint(chain, usdt, owner, 1000n);
    await transfer(chain, usdt, { from: owner, to: nobody, amount: 400n });
    await eventually(() => expect(watcher.amount(usdt)).toBe(600n));
  });

  it('shows a token that cannot be read as unreadable, never as zero, and its neighbours unharmed', async () => {
    const owner = await chain.newWallet();
    await mint(chain, gold, owner, 9n);
    const codeless: Address = '0x00000000000000000000000000000000000c0de1';
    const hostile = [
      await deploy(chain, 'RevertingToken'),
      await deploy(chain, 'EndlessToken'),
      await deploy(chain, 'SizedAnswerToken', [0n]),
      await deploy(chain, 'SizedAnswerToken', [31n]),
    ];
    using watcher = watch(owner, gold, codeless, ...hostile);
    const { balances } = await watcher.snapshot();
    expect(watcher.amount(gold)).toBe(9n);
    const unreadable = [...balances.values()].filter(({ status }) => status === 'UNREADABLE');
    expect(unreadable.map(({ token }) => token.address.toLowerCase()).sort()).toEqual(
      [codeless, ...hostile].sort(),
    );
    for (const { amount, formatted, reason } of unreadable) {
      expect({ amount, formatted }).toEqual({ amount: null, formatted: null });
      expect(reason).toBeTruthy();
    }
  });

  it('reads a symbol of bytes32, as MKR has', async () => {
    const maker = await deploy(chain, 'Bytes32Token', [
      stringToHex('Maker', { size: 32 }),
      stringToHex('MKR', { size: 32 }),
    ]);
    using watcher = watch(nobody, maker);
    const { balances } = await watcher.snapshot();
    const { token } =
      [...balances.values()].find((balance) => balance.token.address.toLowerCase() === maker) ?? {};
    expect(token).toMatchObject({ symbol: 'MKR', name: 'Maker' });
  });
});

describe('balances that move without an event', () => {
  it('are found by the sweep, which says so', async () => {
    await using swept = await startTestApp(chain, { SNAPSHOT_INTERVAL: '0.5' });
    const owner = await chain.newWallet();
    const stake = await deploy(chain, 'RebasingToken');
    await mint(chain, stake, owner, 1000n);
    await mint(chain, gold, owner, 1n);
    using watcher = new Watcher(swept, { chainId: chain.chainId, owner, customTokens: [stake, gold] });
    await watcher.snapshot();
    await eventually(() => expect(watcher.amount(stake)).toBe(1000n));
    await call(chain, 'RebasingToken', stake, 'rebase', [2n * 10n ** 18n]);
    await silentMint(chain, gold, owner, 41n);
    await eventually(() => expect(watcher.amount(gold)).toBe(42n));
    await eventually(() => expect(watcher.amount(stake)).toBe(2000n));
    const found = watcher.states.filter(({ cause }) => cause === 'RECONCILED');
    expect(found.length).toBeGreaterThan(0);
    await agree(watcher, owner);
  });
});
