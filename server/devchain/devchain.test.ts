import { erc20Abi, getAddress, keccak256 } from 'viem';
import { expect, test, vi } from 'vitest';
import { MULTICALL3_CODE_HASH } from './contracts/multicall3.ts';
import { type Devchain, startDevchain } from './devchain.ts';
import { startTokenListServer } from './tokenlist-server.ts';
import { runTraffic } from './traffic.ts';

function holding({ client }: Devchain, address: `0x${string}`, owner: `0x${string}`) {
  return client.readContract({ abi: erc20Abi, address, functionName: 'balanceOf', args: [owner] });
}

test('comes up with Multicall3, wrapped coin and tokens, of which every wallet holds some', async () => {
  await using chain = await startDevchain();
  const code = await chain.client.getCode({ address: '0xcA11bde05977b3631167028862bE2a173976CA11' });
  expect(keccak256(code ?? '0x')).toBe(MULTICALL3_CODE_HASH);
  expect(chain.wallets.length).toBeGreaterThan(2);
  for (const token of [chain.weth, ...Object.values(chain.tokens)])
    for (const wallet of chain.wallets) expect(await holding(chain, token, wallet)).toBeGreaterThan(0n);
});

test('every start has the same addresses', async () => {
  await using one = await startDevchain();
  await using other = await startDevchain();
  expect(other.tokens).toEqual(one.tokens);
  expect(other.weth).toBe(one.weth);
  expect(other.wallets).toEqual(one.wallets);
});

test('serves a token list that says what the tokens themselves say', async () => {
  await using chain = await startDevchain();
  await using server = await startTokenListServer(chain.tokenList);
  const response = await fetch(server.url);
  expect(response.headers.get('content-type')).toBe('application/json');
  const list = (await response.json()) as Devchain['tokenList'];
  expect(list.tokens.map(({ address }) => address).sort()).toEqual(
    [chain.weth, ...Object.values(chain.tokens)].map((address) => getAddress(address)).sort(),
  );
  for (const { chainId, address, name, symbol, decimals, logoURI } of list.tokens) {
    const read = <T extends 'name' | 'symbol' | 'decimals'>(functionName: T) =>
      chain.client.readContract({ abi: erc20Abi, address, functionName });
    expect(chainId).toBe(31_337);
    expect(name).toBe(await read('name'));
    expect(symbol).toBe(await read('symbol'));
    expect(decimals).toBe(await read('decimals'));
    expect(URL.canParse(logoURI)).toBe(true);
  }
  expect((await fetch(new URL('/elsewhere', server.url))).status).toBe(404);
});

test('blocks come by the clock where that is asked for', async () => {
  await using chain = await startDevchain({ mining: { everyMs: 1_000 } });
  const before = await chain.client.getBlockNumber();
  await vi.waitFor(
    async () => expect(await chain.client.getBlockNumber()).toBeGreaterThan(before + 1n),
    5_000,
  );
});

test('traffic moves every token and the coin of the busiest wallet, until told to stop', async () => {
  await using chain = await startDevchain();
  const [wallet = chain.deployer] = chain.wallets;
  const balances = () =>
    Promise.all([
      chain.client.getBalance({ address: wallet }),
      ...[chain.weth, ...Object.values(chain.tokens)].map((token) => holding(chain, token, wallet)),
    ]);
  const before = await balances();
  const stop = new AbortController();
  const log = { debug: vi.fn(), warn: vi.fn() };
  const traffic = runTraffic(chain, { signal: stop.signal, log, pauseMs: [0, 2] });
  await vi.waitFor(
    async () => {
      const now = await balances();
      for (const [index, amount] of before.entries()) expect(now[index]).not.toBe(amount);
    },
    { timeout: 10_000 },
  );
  stop.abort();
  await traffic;
  expect(log.warn).not.toHaveBeenCalled();
  expect(log.debug).toHaveBeenCalled();
});

test('traffic says once that the chain is away, goes on trying, and still stops', async () => {
  await using chain = await startDevchain();
  await chain.anvil.kill();
  const stop = new AbortController();
  const log = { debug: vi.fn(), warn: vi.fn() };
  const [read, send] = [vi.spyOn(chain.client, 'readContract'), vi.spyOn(chain.client, 'sendTransaction')];
  const traffic = runTraffic(chain, { signal: stop.signal, log, pauseMs: [0, 2] });
  await vi.waitFor(() => expect(read.mock.calls.length + send.mock.calls.length).toBeGreaterThan(3), 10_000);
  stop.abort();
  await traffic;
  expect(log.warn).toHaveBeenCalledTimes(1);
});
