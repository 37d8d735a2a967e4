import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseHeader } from '../chain/header.ts';
import { fetchLogs, filtersFor, MOST_WALLETS_FILTERED } from '../chain/logs.ts';
import { Pool } from '../chain/rpc/pool.ts';
import type { Address, Header } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { approve, deployToken, mint } from './contracts.ts';
import { type NodeProxy, result, startNodeProxy } from './node-proxy.ts';

/** One endpoint alone, asked for the logs of a block that holds one transfer. */
let chain: TestChain;
let proxy: NodeProxy;
let pool: Pool;
let block: Header;
let owner: Address;
const running = new AsyncDisposableStack();
const { signal } = new AbortController();

beforeAll(async () => {
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  owner = await chain.newWallet();
  await mint(chain, await deployToken(chain, { symbol: 'GOLD' }), owner, 1n);
  block = parseHeader(await chain.rawBlock('latest'));
  pool = running.use(
    new Pool([proxy.url], {
      chainId: chain.chainId,
      timeoutMs: 3000,
      rateLimit: undefined,
      observer: { upstreamRequest() {}, endpointTurned() {}, endpointMeasured() {} },
    }),
  );
});
afterAll(() => running.disposeAsync());
beforeEach(() => proxy.reset());

/** Says that there are no logs, so many times; then what there is. */
function withholdLogs(times: number): void {
  let left = times;
  proxy.fault = async (request, node) => {
    if (request.method !== 'eth_getLogs' || left === 0) return await node();
    left -= 1;
    return result(request, []);
  };
}

const tooMany = Array.from(
  { length: MOST_WALLETS_FILTERED + 1 },
  (_, i): Address => `0x${String(i).padStart(40, '0')}`,
);
const everything = filtersFor(tooMany);

describe('the logs of a whole block', () => {
  it('are asked for again where there are none, though the header announces some', async () => {
    withholdLogs(2);
    expect(await fetchLogs(pool, block, everything, signal)).toHaveLength(1);
    expect(proxy.count('eth_getLogs')).toBe(3);
  });

  it('are believed to be none in the end: the header may err, and the chain must go on', async () => {
    withholdLogs(100);
    expect(await fetchLogs(pool, block, everything, signal)).toEqual([]);
    expect(proxy.count('eth_getLogs')).toBe(3);
  });

  it('are believed to be none at once where the header is silent about them', async () => {
    withholdLogs(100);
    for (const logsBloom of [undefined, `0x${'0'.repeat(512)}` as const])
      expect(await fetchLogs(pool, { ...block, logsBloom }, everything, signal)).toEqual([]);
    expect(proxy.count('eth_getLogs')).toBe(2);
  });
});

describe('the logs of a block of approvals', () => {
  it('are doubted where allowances are watched, and not missed where none is', async () => {
    const gold = await deployToken(chain, { symbol: 'GOLD' });
    await approve(chain, gold, { owner, spender: gold, amount: 1n });
    const approvals = parseHeader(await chain.rawBlock('latest'));
    withholdLogs(2);
    expect(await fetchLogs(pool, approvals, filtersFor(tooMany, true), signal)).toHaveLength(1);
    expect(proxy.count('eth_getLogs')).toBe(3);
    proxy.reset();
    expect(await fetchLogs(pool, approvals, everything, signal)).toEqual([]);
    expect(proxy.count('eth_getLogs')).toBe(1);
  });
});

describe('the logs of some wallets', () => {
  it('are believed to be none where there is nobody else to ask', async () => {
    withholdLogs(100);
    expect(await fetchLogs(pool, block, filtersFor([owner]), signal)).toEqual([]);
    expect(proxy.count('eth_getLogs')).toBe(2);
  });
});
