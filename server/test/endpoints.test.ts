import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../app.ts';
import { toQuantity } from '../chain/hex.ts';
import { type Address, type Hex, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint } from './contracts.ts';
import { type Fault, failure, type NodeProxy, result, startNodeProxy } from './node-proxy.ts';
import { rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Two endpoints of one chain, the first preferred: what the first one does wrong must cost nobody anything. */
let chain: TestChain;
let first: NodeProxy;
let second: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  first = running.use(await startNodeProxy(chain));
  second = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

async function start(endpoints: readonly string[], environment = {}): Promise<App> {
  return running.use(
    await startTestApp(chain, { [`RPC_URLS_${chain.chainId}`]: endpoints.join(','), ...environment }),
  );
}

const both = () => [first.wsUrl, first.url, second.wsUrl, second.url];
const bothByHttp = () => [first.url, second.url];

async function watch(app: App): Promise<Watcher> {
  const watcher = running.use(new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] }));
  await watcher.snapshot();
  return watcher;
}

async function agrees(watcher: Watcher): Promise<void> {
  await eventually(async () => {
    for (const token of [gold, NATIVE])
      expect(watcher.amount(token)).toBe(await balanceOf(chain, token, owner));
  });
}

/** New blocks with changes, until the first endpoint is asked for balances again. */
async function isUsedAgain(watcher: Watcher, endpoint: NodeProxy): Promise<void> {
  endpoint.reset();
  await eventually(async () => {
    await mint(chain, gold, owner, 1n);
    expect(endpoint.count('eth_call')).toBeGreaterThan(0);
  });
  await agrees(watcher);
}

async function metric(app: App, name: string, endpoint: NodeProxy): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text
    .split('\n')
    .find((one) => one.startsWith(`balance_stream_${name}{`) && one.includes(`"${endpoint.url}"`));
  return Number(line?.split(' ').at(-1));
}

const tooMany: Fault = async () => ({ status: 429, text: 'slow down' });

describe('an endpoint that', () => {
  const never = new Promise<never>(() => {});
  const faults: Record<string, Fault> = {
    'answers 429': tooMany,
    'answers 429 with Retry-After': async () => ({
      status: 429,
      text: '{}',
      headers: { 'retry-after': '1' },
    }),
    'answers 500': async () => ({ status: 500, text: 'oops' }),
    'answers 502 with HTML': async () => ({ status: 502, text: '<html>Bad gateway</html>' }),
    'answers nothing at all': () => never,
    'breaks the connection': () => Promise.reject(new Error('reset')),
    'answers with null': async (request) => result(request, null),
    'answers truncated JSON': async () => ({ status: 200, text: '{"jsonrpc":"2.0","id":1,"resu' }),
    'answers that its limit is exceeded': async (request) => failure(request, -32005, 'limit exceeded'),
    'is of another chain': async (request, node) =>
      request.method === 'eth_chainId' ? result(request, '0x5') : node(),
  };
  it.each(Object.entries(faults))('%s is passed over, and used again when it is well', async (_, fault) => {
    const app = await start(both());
    const watcher = await watch(app);
    first.fault = fault;
    first.dropSockets();
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    first.fault = undefined;
    await isUsedAgain(watcher, first);
    await eventually(async () => expect(await metric(app, 'endpoint_up', first)).toBe(1));
  });

  it('is passed over is named in /health, and so are the others, without their keys', async () => {
    const app = await start([`${first.url}/v2/SECRET?key=SECRET`, second.url]);
    const watcher = await watch(app);
    first.fault = tooMany;
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    await eventually(async () => {
      const { json } = await rest(app, 'GET', '/health');
      expect(json).toMatchObject({
        status: 'ok',
        chains: [
          {
            endpoints: [
              { name: first.url, circuit: expect.stringMatching(/open/) },
              {
                name: second.url,
                circuit: 'closed',
                behind: false,
                slow: false,
                headNumber: expect.any(Number),
              },
            ],
          },
        ],
      });
      expect(JSON.stringify(json)).not.toContain('SECRET');
    });
  });

  it('asks to be left alone for a second is left alone for a second', async () => {
    const app = await start(bothByHttp());
    const watcher = await watch(app);
    let refusedAtMs = 0;
    const askedAfterMs: number[] = [];
    first.fault = async (request, node) => {
      const now = performance.now();
      if (refusedAtMs > 0) {
        askedAfterMs.push(now - refusedAtMs);
        return await node();
      }
      if (request.method !== 'eth_getLogs') return await node();
      refusedAtMs = now;
      return { status: 429, text: '{}', headers: { 'retry-after': '1' } };
    };
    // What was asked of the blocks that were there is on its way already: it is no sign of impatience.
    await eventually(async () => {
      await mint(chain, gold, owner, 1n);
      expect(askedAfterMs.filter((ms) => ms > 400)).not.toEqual([]);
    });
    expect(Math.min(...askedAfterMs.filter((ms) => ms > 400))).toBeGreaterThan(990);
    await agrees(watcher);
  });

  it('is slow is asked no more while another is quick, and again when it is quick', async () => {
    const app = await start(bothByHttp());
    const watcher = await watch(app);
    first.fault = async (_, node) => {
      const answer = await node();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return answer;
    };
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    first.reset();
    for (let round = 0; round < 5; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    expect(first.count('eth_call') + first.count('eth_getLogs')).toBe(0);
    first.fault = undefined;
    await isUsedAgain(watcher, first);
  });

  /** Answers as it would have so many blocks ago. */
  function behind(blocks: number): Fault {
    return async (request, node) => {
      const { number } = await chain.head();
      const at = Math.max(0, number - blocks);
      if (request.method === 'eth_blockNumber') return result(request, toQuantity(at));
      if (request.method === 'eth_getBlockByNumber' && request.params[0] === 'latest') {
        return result(request, await chain.rawBlock(toQuantity(at)));
      }
      const hash = hashIn(request.params);
      if (!hash) return await node();
      const { number: height } = await chain.rawBlock(hash);
      return Number(height) > at ? failure(request, -32000, 'unknown block') : await node();
    };
  }

  function hashIn(params: readonly unknown[]): Hex | undefined {
    return /"(0x[0-9a-f]{64})"/.exec(JSON.stringify(params.filter((param) => !isCall(param))))?.[1] as
      | Hex
      | undefined;
  }

  function isCall(param: unknown): boolean {
    return typeof param === 'object' && param !== null && 'data' in param;
  }

  it.each([
    ['by HTTP alone', bothByHttp],
    ['with sockets', both],
  ])('is three blocks behind is passed over, and used again when it is not: %s', async (_, endpoints) => {
    await chain.mine(10);
    first.fault = behind(3);
    first.loseHeads = true;
    const app = await start(endpoints());
    const watcher = await watch(app);
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    first.fault = undefined;
    first.loseHeads = false;
    await isUsedAgain(watcher, first);
    await eventually(async () => {
      const { number } = await chain.head();
      expect(await metric(app, 'endpoint_head_number', second)).toBe(number);
    });
  });

  it('tells of heads late, block by block, is not listened to any longer', async () => {
    const app = await start(both());
    const watcher = await watch(app);
    // Nothing but its news is late: it answers whatever it is asked.
    first.loseHeads = true;
    const late: object[] = [];
    for (let round = 0; round < 40; round += 1) {
      await mint(chain, gold, owner, 1n);
      const { number } = await chain.head();
      late.push(await chain.rawBlock(toQuantity(number)));
      if (late.length > 5) first.tellHead(late.shift() ?? {});
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await agrees(watcher);
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ heads: 'socket' }] });
    // What it hears now it hears from the second.
    second.reset();
    first.reset();
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    expect(first.count('eth_subscribe')).toBe(0);
  });

  it('is of another mind about the newest block takes nobody to and fro', async () => {
    const app = await start(bothByHttp());
    const watcher = await watch(app);
    let told = 0;
    second.fault = async (request, node) => {
      if (request.method !== 'eth_getBlockByNumber' || request.params[0] !== 'latest') return await node();
      told += 1;
      return result(request, { ...(await chain.rawBlock('latest')), hash: `0x${'ab'.repeat(32)}` });
    };
    await eventually(() => expect(told).toBeGreaterThan(2));
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ status: 'ok', chains: [{ lastError: null }] });
    expect(await (await fetch(`${app.url}/metrics`)).text()).toMatch(/reorgs_total\{chain="31337"\} 0/);
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
  });

  it('is on another branch, and a block further, takes nobody to and fro', async () => {
    const other = running.use(await startTestChain({ mining: 'manual' }));
    const app = await start(bothByHttp());
    const watcher = await watch(app);
    await other.mine((await chain.head()).number + 1 - (await other.head()).number);
    second.node = other;
    second.reset();
    // Compared now and then, and asked besides when the chain is silent.
    await eventually(() => expect(second.count('eth_getBlockByNumber')).toBeGreaterThan(3));
    expect(await (await fetch(`${app.url}/metrics`)).text()).toMatch(/reorgs_total\{chain="31337"\} 0/);
    expect(watcher.states).toHaveLength(1);
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
  });

  it('leaves out the logs of a block is not believed where another has them', async () => {
    const app = await start(bothByHttp());
    const watcher = await watch(app);
    first.fault = async (request, node) =>
      request.method === 'eth_getLogs' ? result(request, []) : await node();
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
  });

  it('says that a block is empty is believed where its header says so too', async () => {
    const app = await start(bothByHttp());
    await watch(app);
    second.reset();
    // Approvals are logs that move nothing.
    const data: Hex = `0x095ea7b3${'00'.repeat(12)}${'11'.repeat(20)}${'22'.repeat(32)}`;
    for (let round = 0; round < 3; round += 1) await chain.send({ from: owner, to: gold, data });
    await eventually(async () => {
      const { json } = await rest(app, 'GET', '/health');
      expect(json).toMatchObject({ chains: [{ head: { hash: (await chain.head()).hash } }] });
    });
    expect(second.count('eth_getLogs')).toBe(0);
  });

  it('turns out to be of another chain when it comes back is used no more', async () => {
    const other = running.use(await startTestChain({ chainId: 31_338 }));
    const app = await start(both());
    const watcher = await watch(app);
    first.node = other;
    first.dropSockets();
    first.reset();
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    await eventually(async () => expect(await metric(app, 'endpoint_up', first)).toBe(0));
    first.reset();
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    expect(first.count('eth_call') + first.count('eth_getLogs')).toBe(0);
  });
});

describe('a rate limit', () => {
  const LIMIT = 8;

  it('is kept to, and streams go before one-off reads', async () => {
    const app = await start([first.url], {
      [`RPC_RATE_LIMIT_${chain.chainId}`]: String(LIMIT),
      RPC_TIMEOUT_MS: '3000',
    });
    const watcher = await watch(app);
    const atMs: number[] = [];
    first.fault = async (_, node) => {
      atMs.push(performance.now());
      return await node();
    };
    // Each of them an eth_call or more: far more than there is room for.
    let answered = 0;
    const reads = Array.from({ length: 30 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 300 * index));
      await rest(app, 'GET', `/${chain.chainId}/balance/${owner}/${gold}`);
      answered += 1;
    });
    for (let round = 0; round < 5; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    expect(answered).toBeLessThan(30);
    await Promise.all(reads);
    expect(atMs.length).toBeGreaterThan(LIMIT);
    const seconds = ((atMs.at(-1) ?? 0) - (atMs[0] ?? 0)) / 1000;
    expect(atMs.length).toBeLessThanOrEqual(LIMIT * (seconds + 1));
  });

  it('of one endpoint sends what is too much for it to the next', async () => {
    const app = await start(bothByHttp(), { [`RPC_RATE_LIMIT_${chain.chainId}`]: '2' });
    const watcher = await watch(app);
    second.reset();
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    expect(second.count('eth_getLogs') + second.count('eth_call')).toBeGreaterThan(0);
  });
});
