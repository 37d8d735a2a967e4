import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import type { Address } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { deployManyTokens, deployToken, mint, silentMint } from './contracts.ts';
import { failure, type NodeProxy, type Passing, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Many more pairs than an interval may read: each has its turn all the same, and no node is asked for more. */
const INTERVAL_MS = 400;
const BUDGET = 20;
const HELD = 12;
const ZERO = 40;
/** As the README states it, for the pairs without a balance; the native coin and its wrapped token come along. */
const LONGEST_WAIT_MS = INTERVAL_MS * (1 + Math.ceil((ZERO + 1) / Math.max(BUDGET / 4, BUDGET - HELD - 1)));
const BALANCE_OF = '70a08231000000000000000000000000';
const GET_ETH_BALANCE = '4d2301cc000000000000000000000000';

let chain: TestChain;
let gold: Address;
let running: AsyncDisposableStack;
let proxy: NodeProxy;
let app: App;
let owner: Address;
let tokens: readonly Address[];
/** Every read that passed: for each, the tokens whose balance was asked for; the native coin's is empty. */
let reads: string[][];

beforeAll(async () => {
  chain = await startTestChain();
  gold = await deployToken(chain, { symbol: 'GOLD' });
});
afterAll(() => chain[Symbol.asyncDispose]());

beforeEach(async () => {
  running = new AsyncDisposableStack();
  reads = [];
  proxy = running.use(await startNodeProxy(chain));
  proxy.fault = noted;
  app = running.use(
    await startTestApp(
      { ...chain, url: proxy.url, wsUrl: proxy.wsUrl },
      {
        SNAPSHOT_INTERVAL: String(INTERVAL_MS / 1000),
        SWEEP_BUDGET: String(BUDGET),
        RPC_TIMEOUT_MS: '300',
        EVENT_BATCH_WINDOW_MS: '0',
      },
    ),
  );
  owner = await chain.newWallet();
  const amount = (index: number) => (index < HELD ? 5n : 0n);
  tokens = await deployManyTokens(chain, HELD + ZERO, { owner, amount });
});
afterEach(() => running.disposeAsync());

async function noted(request: Passing, node: () => Promise<object>): Promise<object> {
  const balances = balancesIn(request);
  if (balances.length > 0) reads.push(balances);
  return await node();
}

/** The tokens whose balance an `eth_call` of Multicall3 asks for: the word before the call's offset and length. */
function balancesIn({ method, params }: Passing): string[] {
  if (method !== 'eth_call') return [];
  const { data = '' } = params[0] as { data?: string };
  const native = data.split(GET_ETH_BALANCE).length - 1;
  const calls = [...data.matchAll(new RegExp(`([0-9a-f]{40})[0-9a-f]{128}${BALANCE_OF}`, 'g'))];
  return [...calls.map(([, token]) => `0x${token}`), ...Array.from({ length: native }, () => '')];
}

async function watch(...customTokens: Address[]): Promise<Watcher> {
  const watcher = running.use(
    new Watcher(app, { chainId: chain.chainId, owner, customTokens: [...tokens, ...customTokens] }),
  );
  await watcher.snapshot();
  await eventually(async () => {
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ pendingTouches: 0 }] });
  });
  return watcher;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const [, value] = new RegExp(`^balance_stream_${name}\\{chain="31337"\\} (.*)$`, 'm').exec(text) ?? [];
  return Number(value);
}

describe('with many more pairs than the budget', () => {
  it('balances that moved without an event are found, whatever they were before', async () => {
    const watcher = await watch();
    const moved = [0, HELD - 1, HELD, HELD + ZERO / 2, HELD + ZERO - 1].flatMap((at) => tokens[at] ?? []);
    for (const token of moved) await silentMint(chain, token, owner, 37n);
    await eventually(() => {
      expect(moved.map((token) => watcher.amount(token))).toEqual([42n, 42n, 37n, 37n, 37n]);
    });
    expect(watcher.latest?.cause).toBe('RECONCILED');
    expect(await metric('reconciled_differences_total')).toBe(moved.length);
  });

  it('an interval reads no more than the budget, in one call, and in turns it reads all', async () => {
    await watch();
    reads.length = 0;
    const from = performance.now();
    await eventually(() => expect(new Set(reads.flat()).size).toBe(HELD + ZERO + 2));
    // Both ends may cut an interval short.
    const intervals = Math.floor((performance.now() - from) / INTERVAL_MS) + 2;
    expect(reads.length).toBeLessThanOrEqual(intervals);
    expect(Math.max(...reads.map(({ length }) => length))).toBe(BUDGET);
    // Non-zero ones have had their turn in every one of them.
    const held = tokens.slice(0, HELD);
    for (const read of reads) expect(held.filter((token) => !read.includes(token))).toEqual([]);
  });

  it('what blocks have read meanwhile is not read again', async () => {
    const watcher = await watch(gold);
    // More non-zero balances than turns for them, so that they wait for longer than an interval.
    for (const token of tokens.slice(HELD)) await mint(chain, token, owner, 1n);
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(watcher.amount(tokens.at(-1) ?? gold)).toBe(1n));
    reads.length = 0;
    const swept = () => reads.filter((read) => read.length === BUDGET).flat();
    const others = [...tokens, chain.weth];
    const hadTwoTurns = (token: string, _: number, all: string[]) =>
      all.indexOf(token) !== all.lastIndexOf(token);
    // Until everybody else was swept twice, gold is in every block.
    for (let amount = 2n; new Set(swept().filter(hadTwoTurns)).size < others.length; amount += 1n) {
      await mint(chain, gold, owner, 1n);
      await eventually(() => expect(watcher.amount(gold)).toBe(amount));
    }
    expect(swept()).not.toContain(gold);
    expect(swept()).not.toContain('');
    expect(new Set(swept())).toEqual(new Set(others));
  });

  it('a read that fails is had again in the next interval, before any other', async () => {
    await watch();
    let refused: string[] = [];
    let endpoints = 2;
    proxy.fault = async (request, node) => {
      const balances = balancesIn(request);
      if (balances.length < BUDGET || endpoints === 0) return noted(request, node);
      endpoints -= 1;
      refused = balances;
      reads.length = 0;
      return failure(request, -32005, 'limit exceeded');
    };
    await eventually(() => expect(endpoints === 0 && reads.length > 0).toBe(true));
    expect(new Set(reads[0])).toEqual(new Set(refused));
    // On a busy machine one more may have come too late.
    expect(await metric('reconciliation_failures_total')).toBeGreaterThanOrEqual(1);
  });
});

describe('the oldest confirmation', () => {
  it('stays within what is stated while the node answers, and grows while it does not', async () => {
    const startedMs = performance.now();
    expect(await metric('oldest_confirmation_seconds')).toBe(0);
    await watch();
    await eventually(async () => {
      const oldestMs = (await metric('oldest_confirmation_seconds')) * 1000;
      expect(performance.now() - startedMs).toBeGreaterThan(2 * LONGEST_WAIT_MS);
      expect(oldestMs).toBeLessThan(LONGEST_WAIT_MS);
      expect(oldestMs).toBeGreaterThan(0);
    });
    chain.freeze();
    await eventually(async () => {
      expect((await metric('oldest_confirmation_seconds')) * 1000).toBeGreaterThan(2 * LONGEST_WAIT_MS);
    });
    expect(await metric('reconciliation_failures_total')).toBeGreaterThan(0);
    chain.thaw();
    await eventually(async () => {
      expect((await metric('oldest_confirmation_seconds')) * 1000).toBeLessThan(LONGEST_WAIT_MS);
    });
  });
});
