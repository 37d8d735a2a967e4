import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BODIES_AT_ONCE, Bodies } from '../chain/bodies.ts';
import { LATEST_BLOCK, parseHeader } from '../chain/header.ts';
import { Pool } from '../chain/rpc/pool.ts';
import type { Address, Hash, Header } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually } from './app.ts';
import { pay } from './contracts.ts';
import { type NodeProxy, startNodeProxy } from './node-proxy.ts';

/** One endpoint alone, asked for the transactions of blocks while it has better things to do. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let from: Address;
let to: Address;
let paid: Hash;
let block: Header;
const { signal } = new AbortController();

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  [from, to] = [await chain.newWallet(), await chain.newWallet()];
  paid = await pay(chain, { from, to, amount: 1n });
  block = parseHeader(await chain.rawBlock('latest'));
});
afterEach(() => running.disposeAsync());

async function connect(rateLimit?: number): Promise<Pool> {
  const pool = new Pool([proxy.url], {
    chainId: chain.chainId,
    timeoutMs: 20_000,
    rateLimit,
    observer: { upstreamRequest() {}, endpointTurned() {}, endpointMeasured() {} },
  });
  running.use(pool);
  await pool.request(LATEST_BLOCK, signal);
  return pool;
}

/** So many blocks, of hashes that nobody knows. */
function others(count: number): Header[] {
  return Array.from(
    { length: count },
    (_, index): Header => ({ ...block, hash: `0x${index.toString(16).padStart(64, '0')}` }),
  );
}

describe('the transactions of a block', () => {
  it('say who paid whom, and are asked for once', async () => {
    const bodies = new Bodies(await connect());
    const [body, again] = [bodies.ask(block, signal), bodies.ask(block, signal)];
    expect(await body.transactions).toEqual([{ hash: paid, from, to }]);
    expect(again).toBe(body);
    expect(proxy.count('eth_getBlockByHash')).toBe(1);
    bodies.forget(new Set());
    expect(await bodies.ask(block, signal).transactions).toEqual(await bodies.fetch(block.hash, signal));
  });

  it('are not asked for while too many are under way; those are given up in time', async () => {
    const bodies = new Bodies(await connect());
    proxy.fault = () => new Promise(() => {});
    const asked = others(BODIES_AT_ONCE).map((header) => bodies.ask(header, signal));
    await eventually(() => expect(proxy.count('eth_getBlockByHash')).toBe(BODIES_AT_ONCE));
    expect(await bodies.ask(block, signal).transactions).toBeUndefined();
    expect(proxy.count('eth_getBlockByHash')).toBe(BODIES_AT_ONCE);
    for (const { transactions } of asked) expect(await transactions).toBeUndefined();
    proxy.fault = undefined;
    bodies.forget(new Set());
    expect(await bodies.ask(block, signal).transactions).toHaveLength(1);
  });

  it('let streams go first under a rate limit', async () => {
    const pool = await connect(3);
    const methods: string[] = [];
    proxy.fault = async ({ method }, node) => {
      methods.push(method);
      return await node();
    };
    const bodies = new Bodies(pool);
    const body = bodies.ask(block, signal);
    // Two of three turns are taken, the third is the body's: what comes now waits.
    const waiting = bodies.ask({ ...block, hash: block.parentHash }, signal);
    const reads = [1, 2].map(() => pool.request(LATEST_BLOCK, signal));
    await Promise.all([body.transactions, waiting.transactions, ...reads]);
    const [body1, read, body2] = ['eth_getBlockByHash', 'eth_getBlockByNumber', 'eth_getBlockByHash'];
    expect(methods).toEqual([body1, read, read, body2]);
  });
});
