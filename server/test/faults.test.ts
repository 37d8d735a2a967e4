import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBalancesClient } from '../../client/index.ts';
import type { App } from '../app.ts';
import { NAME } from '../chain/multicall/codec.ts';
import { type Address, NATIVE } from '../chain/types.ts';
import { startTestChain, type TestChain } from './anvil.ts';
import { eventually, startTestApp } from './app.ts';
import { balanceOf, deployToken, mint, pay } from './contracts.ts';
import { type Answer, type Fault, failure, type NodeProxy, result, startNodeProxy } from './node-proxy.ts';
import { RestStream, rest } from './rest-stream.ts';
import { Watcher } from './watcher.ts';

/** Every fault that an attack found, as it was found: each of these failed once. */
let chain: TestChain;
let proxy: NodeProxy;
let running: AsyncDisposableStack;
let gold: Address;
let owner: Address;

beforeEach(async () => {
  running = new AsyncDisposableStack();
  chain = running.use(await startTestChain());
  proxy = running.use(await startNodeProxy(chain));
  gold = await deployToken(chain, { symbol: 'GOLD' });
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

/** Behind the proxy, or on these endpoints. */
async function start(endpoints?: readonly string[], environment = {}): Promise<App> {
  return running.use(
    await startTestApp(
      { ...chain, url: proxy.url, wsUrl: proxy.wsUrl },
      {
        ...(endpoints && { [`RPC_URLS_${chain.chainId}`]: endpoints.join(',') }),
        ...environment,
      },
    ),
  );
}

async function watch(app: App, options = {}): Promise<Watcher> {
  const watcher = running.use(
    new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold], ...options }),
  );
  await watcher.snapshot();
  return watcher;
}

async function agrees(watcher: Watcher, on = chain): Promise<void> {
  await eventually(async () => {
    for (const token of [gold, NATIVE]) expect(watcher.amount(token)).toBe(await balanceOf(on, token, owner));
  });
}

async function isQuiet(app: App): Promise<void> {
  await eventually(async () => {
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ status: 'ok', chains: [{ pendingTouches: 0 }] });
  });
}

async function metricsOf(app: App): Promise<string> {
  return await (await fetch(`${app.url}/metrics`)).text();
}

describe('an endpoint', () => {
  it('that does not have a block yet when it is announced costs neither the block nor the socket', async () => {
    const app = await start();
    const watcher = await watch(app);
    await isQuiet(app);
    expect(proxy.count('eth_subscribe')).toBe(1);
    for (let round = 1; round <= 4; round += 1) {
      // It answers from the block before until it has been asked some times for the new one.
      const { number } = await chain.head();
      let lags = 6;
      proxy.fault = async (request, node): Promise<Answer> => {
        if (lags > 0 && request.method === 'eth_getBlockByNumber')
          return result(request, await chain.rawBlock(`0x${number.toString(16)}`));
        if (lags <= 0 || !['eth_getLogs', 'eth_call'].includes(request.method)) return await node();
        lags -= 1;
        return failure(request, -32000, 'unknown block');
      };
      await mint(chain, gold, owner, 1n);
      await eventually(() => expect(watcher.amount(gold)).toBe(BigInt(round)));
      expect(lags).toBeLessThanOrEqual(0);
    }
    expect(proxy.count('eth_subscribe')).toBe(1);
  });

  it('whose older heads arrive after newer ones takes nobody back', async () => {
    const app = await start();
    const watcher = await watch(app);
    await isQuiet(app);
    const before = await chain.rawBlock('latest');
    const scanning = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    proxy.fault = async (request, node) => {
      if (request.method === 'eth_getLogs') {
        scanning.resolve();
        await told.promise;
      }
      return await node();
    };
    await mint(chain, gold, owner, 1n);
    await scanning.promise;
    // While that block is being scanned the next one is told, and then one that is long done.
    proxy.loseHeads = true;
    await mint(chain, gold, owner, 1n);
    proxy.tellHead(await chain.rawBlock('latest'));
    proxy.tellHead(before);
    await chain.rawBlock('latest');
    told.resolve();
    await agrees(watcher);
    // Not by giving up the socket that told of it all.
    const { json } = await rest(app, 'GET', '/health');
    expect(json).toMatchObject({ chains: [{ heads: 'socket' }] });
    proxy.loseHeads = false;
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    expect(proxy.count('eth_subscribe')).toBe(1);
  });

  it('that tells of a gap from its end takes nobody back to the middle of it', async () => {
    const app = await start();
    const watcher = await watch(app);
    await isQuiet(app);
    const scanning = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    proxy.loseHeads = true;
    const blocks: object[] = [];
    for (let round = 0; round < 3; round += 1) {
      await mint(chain, gold, owner, 1n);
      blocks.push(await chain.rawBlock('latest'));
    }
    proxy.fault = async (request, node) => {
      if (request.method === 'eth_getLogs') {
        scanning.resolve();
        await told.promise;
      }
      return await node();
    };
    const [first, second, third] = blocks;
    proxy.tellHead(third ?? {});
    await scanning.promise;
    proxy.tellHead(second ?? {});
    proxy.tellHead(first ?? {});
    await chain.rawBlock('latest');
    told.resolve();
    await agrees(watcher);
    await isQuiet(app);
    proxy.loseHeads = false;
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    expect(watcher.states.map(({ cause }) => cause)).not.toContain('REORG');
    expect(await metricsOf(app)).toMatch(/balance_stream_reorgs_total\{chain="31337"\} 0/);
  });

  it('that tells of a block which does not exist is asked for it, and not believed', async () => {
    const app = await start();
    const watcher = await watch(app);
    const block = await chain.rawBlock('latest');
    proxy.tellHead({ ...block, number: '0xfffffff', hash: `0x${'ab'.repeat(32)}` });
    await mint(chain, gold, owner, 3n);
    await agrees(watcher);
    await isQuiet(app);
  });

  it('that tells of a block in the place of our newest which does not exist is ill only for a while', async () => {
    const app = await start();
    await watch(app);
    await isQuiet(app);
    proxy.tellHead({ ...(await chain.rawBlock('latest')), hash: `0x${'ab'.repeat(32)}` });
    await eventually(async () => {
      const { json } = await rest(app, 'GET', '/health');
      expect(json).toMatchObject({ status: 'down' });
    });
    // No new block comes: what there was before is the newest again.
    await isQuiet(app);
  });

  it('that goes over to another branch and back, in the middle of a scan, is followed back', async () => {
    const app = await start();
    const watcher = await watch(app);
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    await isQuiet(app);
    const block = await chain.rawBlock('latest');
    const other = `0x${'ab'.repeat(32)}`;
    const scanning = Promise.withResolvers<void>();
    const toldBack = Promise.withResolvers<void>();
    // The other branch's block is there by its hash, and stays there, as a node keeps it for a while.
    proxy.fault = async (request) => {
      if (request.method === 'eth_getLogs') {
        scanning.resolve();
        await toldBack.promise;
      }
      const isOther = JSON.stringify(request).includes(other);
      const body = JSON.stringify(request).replaceAll(other, block.hash);
      const headers = { 'content-type': 'application/json' };
      const text = await (await fetch(chain.url, { method: 'POST', headers, body })).text();
      return JSON.parse(isOther ? text.replaceAll(block.hash, other) : text);
    };
    proxy.tellHead({ ...block, hash: other });
    await scanning.promise;
    proxy.tellHead(block);
    toldBack.resolve();
    await eventually(async () => {
      const { json } = await rest(app, 'GET', '/health');
      expect(json).toMatchObject({ status: 'ok', chains: [{ head: { hash: block.hash } }] });
      expect(await metricsOf(app)).toMatch(/balance_stream_reorgs_total\{chain="31337"\} 2/);
    });
    await agrees(watcher);
  });

  const garbage: [what: string, fault: Fault][] = [
    ['an empty eth_call', async (rpc, node) => (rpc.method === 'eth_call' ? result(rpc, '0x') : node())],
    ['null for logs', async (rpc, node) => (rpc.method === 'eth_getLogs' ? result(rpc, null) : node())],
    [
      'internal errors',
      async (rpc, node) => (rpc.method === 'eth_call' ? failure(rpc, -32603, 'Internal error') : node()),
    ],
    [
      'time-outs',
      async (rpc, node) => (rpc.method === 'eth_call' ? failure(rpc, -32000, 'request timed out') : node()),
    ],
    ['another id', async (rpc, node) => ({ ...(await node()), id: rpc.id + 1 })],
    ['HTML', async () => ({ status: 502, text: '<html>Bad Gateway</html>' })],
    ['truncated JSON', async () => ({ status: 200, text: '{"jsonrpc":"2.0","id":1,"resu' })],
  ];
  it.each(garbage)('that answers %s is passed over for one that is well', async (_, fault) => {
    const app = await start([proxy.url, chain.wsUrl, chain.url]);
    const watcher = await watch(app);
    proxy.fault = fault;
    await mint(chain, gold, owner, 3n);
    await agrees(watcher);
    const single = await rest(app, 'GET', `/${chain.chainId}/balance/${owner}/${gold}`);
    expect(single).toEqual({ status: 200, json: { balance: '3' } });
  });

  it('that hangs is probed in the background: no balance waits for it twice', async () => {
    const app = await start([proxy.url, chain.wsUrl, chain.url], { RPC_TIMEOUT_MS: '500' });
    const watcher = await watch(app);
    const never = new Promise<Answer>(() => {});
    proxy.fault = () => never;
    await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    proxy.reset();
    for (let round = 0; round < 10; round += 1) {
      await mint(chain, gold, owner, 1n);
      await agrees(watcher);
    }
    expect(proxy.count('eth_call') + proxy.count('eth_getLogs')).toBe(0);
    // And it is used again when it is well.
    proxy.fault = undefined;
    await eventually(async () => {
      await mint(chain, gold, owner, 1n);
      expect(proxy.count('eth_call')).toBeGreaterThan(0);
    });
  });

  it('that stumbles at every other call makes no token unreadable', async () => {
    const app = await start();
    let calls = 0;
    proxy.fault = async (request, node) => {
      if (request.method !== 'eth_call') return await node();
      calls += 1;
      return calls % 2 ? failure(request, -32603, 'Internal error') : await node();
    };
    const watcher = await watch(app);
    for (let round = 0; round < 5; round += 1) await mint(chain, gold, owner, 1n);
    await agrees(watcher);
    const seen = watcher.states.flatMap(({ balances }) => [...balances.values()]);
    expect(seen.filter(({ status }) => status !== 'OK')).toEqual([]);
  });

  it('that stumbles over a symbol is asked for it again', async () => {
    const app = await start();
    let stumbles = 2;
    proxy.fault = async (request, node) => {
      const isMetadata = JSON.stringify(request.params).includes(NAME.slice(2));
      if (request.method !== 'eth_call' || !isMetadata || stumbles === 0) return await node();
      stumbles -= 1;
      return failure(request, 429, 'too many requests');
    };
    const watcher = await watch(app);
    expect(watcher.latest?.balances.get(gold)?.token).toMatchObject({ symbol: 'GOLD', decimals: 18 });
  });
});

describe('a chain that goes back', () => {
  it('to a younger one, while something was waiting to be read: nothing is read round and round', async () => {
    const younger = running.use(await startTestChain());
    await deployToken(younger, { symbol: 'GOLD' });
    await chain.mine(50);
    const app = await start();
    const watcher = await watch(app);
    proxy.fault = async (request, node) =>
      request.method === 'eth_call' ? failure(request, -32005, 'limit exceeded') : await node();
    await mint(chain, gold, owner, 9n);
    await eventually(async () => expect((await rest(app, 'GET', '/health')).status).toBe(503));
    proxy.node = younger;
    proxy.fault = undefined;
    proxy.dropSockets();
    await younger.mine();
    await agrees(watcher, younger);
    await isQuiet(app);
  });
});

describe('a chain that loses its last blocks', () => {
  it('and stays quiet: balances go back with it', async () => {
    const app = await start([chain.wsUrl, chain.url]);
    const watcher = await watch(app);
    const snapshot = await chain.client.snapshot();
    await mint(chain, gold, owner, 5n);
    await eventually(() => expect(watcher.amount(gold)).toBe(5n));
    await chain.client.revert({ id: snapshot });
    await eventually(() => expect(watcher.amount(gold)).toBe(0n));
    expect(watcher.latest?.cause).toBe('REORG');
    await isQuiet(app);
    await mint(chain, gold, owner, 2n);
    await agrees(watcher);
  });

  it('and others that were announced but never had: balances go back with it', async () => {
    const app = await start();
    const watcher = await watch(app);
    const snapshot = await chain.client.snapshot();
    await mint(chain, gold, owner, 5n);
    await eventually(() => expect(watcher.amount(gold)).toBe(5n));
    // From here on heads are heard and nothing is answered: our tip is not the newest that we know of.
    proxy.fault = async (request) => failure(request, -32603, 'Internal error');
    await mint(chain, gold, owner, 5n);
    await eventually(async () => {
      const { json } = await rest(app, 'GET', '/health');
      expect(json).toMatchObject({ chains: [{ lagBlocks: 1 }] });
    });
    await chain.client.revert({ id: snapshot });
    proxy.fault = undefined;
    await eventually(() => expect(watcher.amount(gold)).toBe(0n));
    await agrees(watcher);
    await isQuiet(app);
  });

  it('is not what an endpoint that lags amounts to', async () => {
    const app = await start([proxy.url]);
    const watcher = await watch(app);
    const { number } = await chain.head();
    await mint(chain, gold, owner, 5n);
    await eventually(() => expect(watcher.amount(gold)).toBe(5n));
    let asked = 0;
    proxy.fault = async (request, node) => {
      if (request.method !== 'eth_getBlockByNumber') return await node();
      asked += 1;
      return result(request, await chain.rawBlock(`0x${number.toString(16)}`));
    };
    await eventually(() => expect(asked).toBeGreaterThan(12));
    expect(watcher.states.map(({ cause }) => cause)).not.toContain('REORG');
    expect(watcher.amount(gold)).toBe(5n);
  });
});

describe('a snapshot', () => {
  it('names a block as of which its native balance is true, though blocks came fast', async () => {
    const app = await start();
    const first = await watch(app);
    for (let round = 0; round < 4; round += 1) {
      for (let payment = 0; payment < 3; payment += 1)
        await pay(chain, { from: chain.deployer, to: owner, amount: 1n });
      const joining = new Watcher(app, { chainId: chain.chainId, owner, customTokens: [gold] });
      const { block, balances } = await joining.snapshot();
      const { hash } = await chain.client.getBlock({ blockNumber: block?.number ?? 0n });
      expect(balances.get('native')?.amount).toBe(await balanceOf(chain, NATIVE, owner, hash));
      joining[Symbol.dispose]();
    }
    await agrees(first);
  });
});

describe('a session', () => {
  it('made again with fewer tokens does not resume what the one before had', async () => {
    const iron = await deployToken(chain, { symbol: 'IRON' });
    const app = await start(undefined, { SESSION_IDLE_TTL: '0.3' });
    // Somebody else keeps the wallet watched all the while.
    await watch(app, { customTokens: [gold, iron] });
    const clientId = '44444444-4444-4444-8444-444444444444';
    const session = { chainId: chain.chainId, owner, clientId };
    await using client = createBalancesClient({ url: app.url });
    await client.createSession({ ...session, customTokens: [gold, iron] });
    const path = `/sse/${chain.chainId}/balances/${owner}`;
    const before = new RestStream(app, path, { 'x-client-id': clientId });
    await eventually(() => expect(before.folded[iron]).toBe('0'));
    const cursor = before.events.at(-1)?.id;
    before[Symbol.dispose]();
    const query = `{ session(chainId: ${chain.chainId}, owner: "${owner}", clientId: "${clientId}") { tokens } }`;
    await eventually(async () => {
      expect((await rest(app, 'POST', '/graphql', { body: { query } })).json).toEqual({
        data: { session: null },
      });
    });
    await client.createSession({ ...session, customTokens: [gold] });
    const subscription = `subscription {
      balances(chainId: ${chain.chainId}, owner: "${owner}", clientId: "${clientId}", after: "${cursor}") { kind }
    }`;
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: subscription }),
    });
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('data:')) break;
    }
    // Everything anew, for nothing else tells the client that iron is gone.
    expect(JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '{}')).toEqual({
      data: { balances: { kind: 'SNAPSHOT' } },
    });
  });

  it('that is shared is not held up by a list that hangs', async () => {
    const app = await start();
    const lists = createServer(() => {}).listen(0, '127.0.0.1');
    running.defer(() => {
      lists.closeAllConnections();
      lists.close();
    });
    await eventually(() => expect(lists.listening).toBe(true));
    const url = `http://127.0.0.1:${(lists.address() as AddressInfo).port}/list.json`;
    const path = `/${chain.chainId}/sessions/${owner}`;
    await rest(app, 'POST', path, { body: { customTokens: [gold] } });
    let isAnswered = false;
    const hanging = rest(app, 'POST', path, { body: { tokensListsUrls: [url] } })
      .catch(() => {})
      .finally(() => {
        isAnswered = true;
      });
    await eventually(async () => {
      expect(await new Promise((resolve) => lists.getConnections((_, count) => resolve(count)))).toBe(1);
    });
    const put = await rest(app, 'PUT', path, { body: { customTokens: [chain.weth] } });
    expect(put.status).toBe(200);
    expect(isAnswered).toBe(false);
    lists.closeAllConnections();
    void hanging;
  });
});
