import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { startBrowser } from './browser.ts';
import { ClientProcess, findPython } from './client-process.ts';
import { balanceOf, deployToken, mint, pay } from './contracts.ts';
import { type Said, SocketClient, subscribe } from './socket.ts';

/** Programs as users of the hosted service have them, on the real server and real chains. */
const KEY = 'of-the-treasury';
const browser = await startBrowser();
const python = findPython();

let chain: TestChain;
let otherChain: TestChain;
let app: App;
let gold: Address;
let silver: Address;
let pages: ReturnType<typeof createServer>;

beforeAll(async () => {
  [chain, otherChain] = await Promise.all([startTestChain(), startTestChain({ chainId: 10 })]);
  gold = await deployToken(chain, { symbol: 'GOLD' });
  silver = await deployToken(chain, { symbol: 'SILVER' });
  app = await startTestApp([chain, otherChain], {
    API_KEYS: KEY,
    // Whoever answers no ping is soon found out.
    SSE_HEARTBEAT_INTERVAL: '0.2',
    STALLED_CLIENT_TIMEOUT: '5',
  });
  const page = await readFile(new URL('clients/ws-page.html', import.meta.url));
  pages = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  pages?.close();
  await app?.[Symbol.asyncDispose]();
  await Promise.all([chain, otherChain].map((each) => each?.[Symbol.asyncDispose]()));
});

interface Run extends AsyncDisposable {
  /** What it has printed. */
  output(): Promise<string>;
  /** Throws where it has not done all that it had to do. */
  done(): Promise<void>;
}

const socketUrl = (path: string) => app.url.replace('http', 'ws') + path;
const argumentsOf = (wallet: Address) => [String(chain.chainId), wallet, gold, silver, KEY];

function runProcess(command: string, program: string, wallet: Address, path: string): Run {
  const client = new ClientProcess(command, program, [socketUrl(path), ...argumentsOf(wallet)]);
  return {
    output: async () => client.output,
    done: async () => expect(await client.exited).toEqual([0, '']),
    [Symbol.asyncDispose]: async () => client[Symbol.dispose](),
  };
}

async function runPage(wallet: Address, path: string): Promise<Run> {
  const [chainId = '', ...rest] = argumentsOf(wallet);
  const [, first = '', second = '', key = ''] = rest;
  const query = new URLSearchParams({ url: socketUrl(path), chain: chainId, wallet, first, second, key });
  const visit = await browser?.open(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/?${query}`);
  if (!visit) throw new Error('no browser');
  return {
    output: async () => (await visit.page.textContent('pre')) ?? '',
    async done() {
      await eventually(async () => expect(await visit.page.title()).toBe('Done'));
      expect(visit.errors).toEqual([]);
    },
    [Symbol.asyncDispose]: () => visit[Symbol.asyncDispose](),
  };
}

describe('a client of the hosted service, with only the URL changed,', () => {
  const node = (wallet: Address) => runProcess(process.execPath, 'ws-client.mjs', wallet, '/');
  const snake = (wallet: Address) => runProcess(python ?? '', 'ws_client.py', wallet, '/ws');
  const page = (wallet: Address) => runPage(wallet, '/');
  const clients = [
    ["in Node, on the library 'ws',", node, true],
    ['in Python, on websocket-client,', snake, python !== undefined],
    ['in a browser', page, browser !== undefined],
  ] as const;
  for (const [name, run, isHere] of clients)
    it.skipIf(!isHere)(`${name} subscribes, follows, adds, comes back and unsubscribes`, async () => {
      const wallet = await chain.newWallet();
      await mint(chain, gold, wallet, 1n);
      await using client = await run(wallet);
      const said = async (count: number): Promise<Said[]> =>
        await eventually(async () => {
          const lines = (await client.output()).split('\n').slice(0, -1);
          expect(lines.length, lines.join('\n')).toBeGreaterThanOrEqual(count);
          return lines.map((line) => JSON.parse(line));
        });

      await said(2);
      const goldMoved = await mint(chain, gold, wallet, 2n);
      // Now it adds the other, and is told of that alone.
      await said(5);
      const silverMoved = await mint(chain, silver, wallet, 5n * 10n ** 18n);
      await client.done();

      const shown = { wallet: getAddress(wallet), chainId: `evm:${chain.chainId}`, decimals: 18, logo: null };
      const goldItem = { ...shown, token: getAddress(gold), symbol: 'GOLD', name: expect.any(String) };
      const silverItem = { ...shown, token: getAddress(silver), symbol: 'SILVER', name: expect.any(String) };
      const moved = async (transaction: `0x${string}`) => {
        const { blockHash, blockNumber } = await chain.client.getTransactionReceipt({ hash: transaction });
        return { cause: 'EVENT', transactions: [transaction], blockHash, blockNumber: Number(blockNumber) };
      };
      const subscriptionId = 'treasury';
      const subscribed = { event: 'subscribed', type: 'balance', subscriptionId };
      expect(await said(9)).toEqual([
        { ...subscribed, pairs: 1 },
        { subscriptionId, data: [{ ...goldItem, balance: 1e-18, rawBalance: '1' }] },
        {
          subscriptionId,
          data: {
            ...goldItem,
            balance: 3e-18,
            rawBalance: '3',
            previousBalance: 1e-18,
            previousRawBalance: '1',
            ...(await moved(goldMoved)),
            blockTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          },
        },
        { ...subscribed, pairs: 2 },
        { subscriptionId, data: [{ ...silverItem, balance: 0, rawBalance: '0' }] },
        {
          subscriptionId,
          data: {
            ...silverItem,
            balance: 5,
            rawBalance: '5000000000000000000',
            previousBalance: 0,
            previousRawBalance: '0',
            ...(await moved(silverMoved)),
            blockTimestamp: expect.any(String),
          },
        },
        // It lost its connection, and is told all of it again.
        { ...subscribed, pairs: 2 },
        {
          subscriptionId,
          data: [
            { ...goldItem, balance: 3e-18, rawBalance: '3' },
            { ...silverItem, balance: 5, rawBalance: '5000000000000000000' },
          ],
        },
        { ...subscribed, event: 'unsubscribed', pairs: 0 },
      ]);
      expect(await balanceOf(chain, gold, wallet)).toBe(3n);
    });
});

it('a server that stops says so to every client, and leaves none behind', async () => {
  const stopping = await startTestApp(chain);
  await using unfinished = new AsyncDisposableStack();
  unfinished.use(stopping);
  const wallet = await chain.newWallet();
  using client = new SocketClient(stopping.url, '/');
  const asked = { wallet, token: 'native', blockchain: `evm:${chain.chainId}` };
  await client.send(subscribe([asked], 'mine'));
  await client.heard(1);
  const stopped = stopping[Symbol.asyncDispose]();
  expect(await client.closed).toEqual([1001, 'the server is stopping: connect again']);
  await stopped;
  expect(client.said).toHaveLength(1);
});

describe('on two chains', () => {
  const native = (wallet: Address, { chainId }: TestChain) => ({
    wallet,
    token: 'native',
    blockchain: `evm:${chainId}`,
  });
  const balances = ({ data }: Said = {}) =>
    [data ?? []].flat().map(({ chainId, balance }) => [chainId, balance]);

  it('one wallet is told of in one message, and one chain that stands still holds up no other', async () => {
    const wallet = await chain.newWallet(10n ** 18n);
    await otherChain.setNativeBalance(wallet, 2n * 10n ** 18n);
    const ids = [chain, otherChain].map(({ chainId }) => `evm:${chainId}`);
    const items = [native(wallet, otherChain), native(wallet, chain)];
    const path = `/?api_key=${KEY}`;
    using client = new SocketClient(app.url, path);
    await client.send(subscribe(items, 'mine'));
    expect(balances((await client.heard(1))[0])).toEqual([
      [ids[1], 2],
      [ids[0], 1],
    ]);

    otherChain.freeze();
    const stranger = await chain.newWallet(10n ** 18n);
    await client.send(subscribe([native(stranger, otherChain), native(stranger, chain)], 'another'));
    await eventually(() => expect(balances(client.said[1])).toEqual([[ids[0], 1]]));
    await pay(chain, { from: stranger, to: wallet, amount: 10n ** 17n });
    await eventually(() => {
      const ofMine = client.said.filter(({ subscriptionId }) => subscriptionId === 'mine');
      expect(balances(ofMine.at(-1))).toEqual([[ids[0], 1.1]]);
    });

    otherChain.thaw();
    await eventually(() =>
      expect(client.said).toContainEqual({
        subscriptionId: 'another',
        data: [expect.objectContaining({ chainId: ids[1], rawBalance: '0' })],
      }),
    );
  });
});
