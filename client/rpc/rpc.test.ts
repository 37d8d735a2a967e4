import { createPublicClient, defineChain, http, type PublicClient } from 'viem';
import { arbitrum, mainnet, optimism } from 'viem/chains';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { startTestChain, type TestChain } from '../../server/test/anvil.ts';
import { eventually } from '../../server/test/app.ts';
import {
  approve,
  balanceOf,
  deploy,
  deployToken,
  mint,
  mintTransaction,
  pay,
  transfer,
} from '../../server/test/contracts.ts';
import { failure, type NodeProxy, result, startNodeProxy } from '../../server/test/node-proxy.ts';
import { ServerProcess } from '../../server/test/server-process.ts';
import {
  type BalancesClient,
  type BalancesState,
  createBalancesClient,
  type WatchOptions,
} from '../index.ts';
import type { Address } from '../types.ts';
import { directRpc, type RpcClient, type RpcOptions } from './index.ts';

/** The real service, killed and started again, and a node of the client's own, behind what counts its requests. */
const POLLS: RpcOptions = { intervalMs: 100, delayMs: 50 };
const NATIVE: Address = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee';

let chain: TestChain;
let other: TestChain;
let gold: Address;
let owner: Address;
let node: NodeProxy;
let running: AsyncDisposableStack;

beforeAll(async () => {
  chain = await startTestChain();
  other = await startTestChain({ chainId: 11155111 });
  gold = await deployToken(chain, { symbol: 'GOLD' });
});
afterAll(async () => {
  await other?.[Symbol.asyncDispose]();
  await chain?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  running = new AsyncDisposableStack();
  node = running.use(await startNodeProxy(chain));
  owner = await chain.newWallet();
});
afterEach(() => running.disposeAsync());

/** `npm start`, at the same address each time. */
class Service {
  url = '';
  #process: ServerProcess | undefined;

  async start(): Promise<this> {
    const chains = [chain, other];
    const process = running.use(
      new ServerProcess({
        HTTP_BIND: this.url === '' ? '127.0.0.1:0' : new URL(this.url).host,
        CHAINS: chains.map(({ chainId }) => chainId).join(','),
        ...Object.fromEntries(
          chains.flatMap(({ chainId, url, wsUrl, weth }) => [
            [`RPC_URLS_${chainId}`, `${wsUrl},${url}`],
            [`WRAPPED_NATIVE_${chainId}`, weth],
          ]),
        ),
        SNAPSHOT_INTERVAL: '3600',
        RATE_LIMIT_PER_MINUTE: '1000000',
      }),
    );
    this.#process = process;
    this.url = await process.url();
    return this;
  }

  async kill(): Promise<void> {
    this.#process?.[Symbol.dispose]();
    await this.#process?.exited;
  }
}

function viemClient(of: Pick<TestChain, 'chainId'>, { url }: { url: string }): PublicClient {
  return createPublicClient({
    chain: defineChain({
      id: of.chainId,
      name: 'Test',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [url] } },
    }),
    transport: http(url, { retryCount: 0 }),
  });
}

function clientOf(url: string, clients: RpcClient | RpcClient[] = viemClient(chain, node)): BalancesClient {
  return running.adopt(createBalancesClient({ url, fallback: directRpc(clients, POLLS) }), (client) =>
    client.dispose(),
  );
}

/** Everything that one watch of it was told. */
class Told {
  readonly states: BalancesState[] = [];
  readonly stop: () => void;

  constructor(client: BalancesClient, options: Partial<WatchOptions> = {}) {
    const watched = { chainId: chain.chainId, owner, customTokens: [gold], ...options };
    this.stop = client.watchBalances(watched, (state) => this.states.push(state));
  }

  get latest(): BalancesState | undefined {
    return this.states.at(-1);
  }

  amount(token: Address): bigint | null | undefined {
    return this.latest?.balances.get(token)?.amount;
  }

  async becomes(state: string, via: string): Promise<void> {
    await eventually(() => expect(this.latest?.status).toMatchObject({ state, via }));
  }

  async agrees(on: TestChain = chain, tokens: readonly Address[] = [gold, NATIVE]): Promise<void> {
    await eventually(async () => {
      for (const token of tokens) expect(this.amount(token)).toBe(await balanceOf(on, token, owner));
    });
  }
}

/** Where nothing listens. */
const NOBODY = 'http://127.0.0.1:9';
const requests = () => node.count('eth_call') + node.count('eth_getBlockByNumber');

/** Longer than many polls. */
async function manyPolls(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

describe('while the service is away', () => {
  test('balances and allowances go on by the node, and the service takes over when it is back', async () => {
    const service = await new Service().start();
    const spender = await chain.newWallet();
    await mint(chain, gold, owner, 100n);
    const told = new Told(clientOf(service.url), { spenders: [spender] });
    await told.becomes('live', 'service');
    await told.agrees(chain, [gold, NATIVE, chain.weth]);
    expect(requests()).toBe(0);

    await service.kill();
    await told.becomes('live', 'rpc');
    const before = told.latest;
    await transfer(chain, gold, { from: owner, to: chain.weth, amount: 30n });
    await approve(chain, gold, { owner, spender, amount: 7n });
    await pay(chain, { from: owner, to: spender, amount: 5n });
    await told.agrees(chain, [gold, NATIVE, chain.weth]);
    await eventually(() => expect(told.latest?.allowances.get(gold, spender)?.amount).toBe(7n));
    expect(told.latest?.balances.get(gold)).toMatchObject({
      amount: 70n,
      previousAmount: 100n,
      formatted: '0.00000000000000007',
      transactions: [],
      status: 'OK',
      token: { symbol: 'GOLD' },
    });
    // What stayed as it was is told as it was, with what led to it.
    expect(told.latest?.balances.get(chain.weth)).toBe(before?.balances.get(chain.weth));
    expect(told.latest?.status).toMatchObject({ state: 'live', via: 'rpc', error: null, retries: 0 });

    await service.start();
    await told.becomes('live', 'service');
    await told.agrees(chain, [gold, NATIVE, chain.weth]);
    expect(told.latest?.allowances.get(gold, spender)?.amount).toBe(7n);
    expect(told.states.every(({ balances }) => !balances.size || balances.size === 3)).toBe(true);
    node.reset();
    await mint(chain, gold, owner, 1n);
    await told.agrees();
    await manyPolls();
    expect(requests()).toBe(0);
  });

  test('a block in which nothing moved is told, and nothing changes by it', async () => {
    const service = await new Service().start();
    const spender = await chain.newWallet();
    const told = new Told(clientOf(service.url), { spenders: [spender] });
    await told.becomes('live', 'service');
    await service.kill();
    await told.becomes('live', 'rpc');
    const before = told.states.length;
    const { number } = await chain.mine();
    await eventually(() => expect(told.latest?.block?.number).toBe(BigInt(number)));
    for (const { changes, changedAllowances } of told.states.slice(before))
      expect([changes, changedAllowances]).toEqual([[], []]);
  });

  test('where the node is away too the watch is stale, until one of them is back', async () => {
    const service = await new Service().start();
    const told = new Told(clientOf(service.url));
    await told.becomes('live', 'service');
    node.refuses = true;
    await service.kill();
    await eventually(() =>
      expect(told.latest?.status).toMatchObject({
        state: 'stale',
        via: 'rpc',
        error: { code: 'CONNECTION_FAILED', message: expect.stringContaining('the node cannot be read') },
      }),
    );
    expect(JSON.stringify(told.latest?.status.error?.message)).not.toContain(node.url);
    await mint(chain, gold, owner, 5n);
    node.refuses = false;
    await told.becomes('live', 'rpc');
    await told.agrees();

    node.refuses = true;
    await told.becomes('stale', 'rpc');
    await mint(chain, gold, owner, 6n);
    await service.start();
    await told.becomes('live', 'service');
    await told.agrees();
    node.refuses = false;
    node.reset();
    await manyPolls();
    expect(requests()).toBe(0);
  });

  test('a node that is behind does not take back what the service said', async () => {
    const service = await new Service().start();
    const told = new Told(clientOf(service.url));
    await told.becomes('live', 'service');
    const old = await chain.rawBlock('latest');
    await mint(chain, gold, owner, 10n);
    await told.agrees();
    node.fault = async (request, ask) =>
      request.method === 'eth_getBlockByNumber' ? result(request, old) : await ask();
    await service.kill();
    await eventually(() =>
      expect(told.latest?.status).toMatchObject({
        state: 'stale',
        error: { message: expect.stringContaining('the node is behind') },
      }),
    );
    expect(told.amount(gold)).toBe(10n);
    node.fault = undefined;
    await told.becomes('live', 'rpc');
    const amounts = told.states.map(({ balances }) => balances.get(gold)?.amount);
    expect(amounts.slice(amounts.indexOf(10n))).not.toContain(0n);
    await told.agrees();
  });

  test('a block that is replaced while it is read is not told', async () => {
    const service = await new Service().start();
    const told = new Told(clientOf(service.url));
    await told.becomes('live', 'service');
    await service.kill();
    await told.becomes('live', 'rpc');
    await chain.mine(2);
    await mint(chain, gold, owner, 10n);
    await told.agrees();
    let isReplaced = false;
    node.fault = async (request, ask) => {
      const answer = await ask();
      if (request.method === 'eth_call' && !isReplaced) {
        isReplaced = true;
        await chain.reorg(1, [mintTransaction(chain, gold, owner, 3n)]);
      }
      return answer;
    };
    await mint(chain, gold, owner, 990n);
    await told.agrees();
    expect(isReplaced).toBe(true);
    expect(told.states.map(({ balances }) => balances.get(gold)?.amount)).not.toContain(1000n);
  });

  test('each chain has its node; one without waits for the service', async () => {
    const service = await new Service().start();
    const second = running.use(await startNodeProxy(other));
    const silver = await deployToken(other, { symbol: 'SILVER' });
    const both = clientOf(service.url, [viemClient(chain, node), viemClient(other, second)]);
    const one = clientOf(service.url);
    const elsewhere = { chainId: other.chainId, customTokens: [silver] };
    const watches = [new Told(both), new Told(both, elsewhere), new Told(one, elsewhere)] as const;
    for (const told of watches) await told.becomes('live', 'service');
    await service.kill();
    await watches[0].becomes('live', 'rpc');
    await watches[1].becomes('live', 'rpc');
    await mint(chain, gold, owner, 1n);
    await mint(other, silver, owner, 2n);
    await watches[0].agrees();
    await watches[1].agrees(other, [silver, NATIVE]);
    expect(watches[2].latest?.status).toMatchObject({ state: 'stale', via: 'service' });
    await service.start();
    for (const told of watches) await told.becomes('live', 'service');
    await watches[2].agrees(other, [silver, NATIVE]);
  });
});

describe('where the service never answered', () => {
  test('the native coin and the named tokens are told by the node, the rest when it is there', async () => {
    const service = await new Service().start();
    await service.kill();
    await mint(chain, gold, owner, 2_500_000_000_000_000_000n);
    const told = new Told(clientOf(service.url), { customTokens: [gold, 'native', gold] });
    await told.becomes('live', 'rpc');
    expect(told.latest?.balances.size).toBe(2);
    expect(told.latest?.balances.get('native')).toMatchObject({
      amount: 10n ** 19n,
      formatted: '10',
      previousAmount: null,
      token: {
        address: '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE',
        symbol: 'ETH',
        decimals: 18,
        native: true,
      },
    });
    expect(told.latest?.balances.get(gold)).toMatchObject({
      owner,
      amount: 2_500_000_000_000_000_000n,
      formatted: '2.5',
      token: { address: gold, symbol: 'GOLD', name: 'Test Token', decimals: 18, native: false },
    });
    await service.start();
    await told.becomes('live', 'service');
    expect(told.latest?.balances.has(chain.weth)).toBe(true);
    await told.agrees(chain, [gold, NATIVE, chain.weth]);
  });

  test('and comes and goes while the node is slow: its late answer is none about what the service added', async () => {
    const service = await new Service().start();
    await service.kill();
    const late = Promise.withResolvers<void>();
    node.fault = async (request, ask) => {
      if (request.method === 'eth_call') await late.promise;
      return await ask();
    };
    const told = new Told(clientOf(service.url));
    await eventually(() => expect(node.count('eth_call')).toBe(1));
    await service.start();
    await told.becomes('live', 'service');
    await service.kill();
    await told.becomes('stale', 'service');
    await manyPolls();
    late.resolve();
    await told.becomes('live', 'rpc');
    await told.agrees(chain, [gold, NATIVE, chain.weth]);
    const statuses = told.states.flatMap(({ balances }) =>
      [...balances.values()].map(({ status }) => status),
    );
    expect(statuses).not.toContain('UNREADABLE');
  });

  test('nor the node: connecting, with what is wrong', async () => {
    node.refuses = true;
    const told = new Told(clientOf(NOBODY));
    await eventually(() =>
      expect(told.latest?.status).toMatchObject({ state: 'connecting', via: 'rpc', head: null }),
    );
    expect(told.latest?.status.error?.message).toContain('the node cannot be read');
  });

  test('nor a node that says nothing', async () => {
    node.fault = () => new Promise(() => {});
    const patient = createPublicClient({
      chain: viemClient(chain, node).chain,
      transport: http(node.url, { timeout: 60_000 }),
    });
    const told = new Told(clientOf(NOBODY, patient));
    await eventually(() =>
      expect(told.latest?.status.error?.message).toBe('the node has said nothing for 10000 ms'),
    );
    node.dropSockets();
  });

  test.each([
    ['has not got the block', -32000, 'header not found'],
    ['is in trouble', -32603, 'internal error'],
  ])('a node that %s says nothing of any token', async (_, code, message) => {
    node.fault = async (request, ask) =>
      request.method === 'eth_call' ? failure(request, code, message) : await ask();
    const told = new Told(clientOf(NOBODY));
    await eventually(() =>
      expect(told.latest?.status).toMatchObject({
        state: 'connecting',
        via: 'rpc',
        error: { retryable: true },
      }),
    );
    expect(told.latest?.balances.size).toBe(0);
    node.fault = undefined;
    await told.becomes('live', 'rpc');
    expect(told.states.flatMap(({ changes }) => changes.map(({ now }) => now?.status))).toEqual(['OK', 'OK']);
  });

  test('a token that fails is unreadable, and one that burns all gas takes nothing from the others', async () => {
    const broken = await deploy(chain, 'RevertingToken');
    const burning = [await deploy(chain, 'InvalidToken'), await deploy(chain, 'InvalidToken')];
    const nothing = await chain.newWallet();
    await mint(chain, gold, owner, 8n);
    const told = new Told(clientOf(NOBODY), { customTokens: [...burning, broken, nothing, gold] });
    await told.becomes('live', 'rpc');
    for (const token of [...burning, broken, nothing])
      expect(told.latest?.balances.get(token)).toMatchObject({
        amount: null,
        formatted: null,
        status: 'UNREADABLE',
        token: { symbol: null, decimals: null },
      });
    await told.agrees();
    node.reset();
    await mint(chain, gold, owner, 1n);
    await told.agrees();
    // Those are known by now, and asked apart: together, and one of them alone.
    expect(node.count('eth_call')).toBeLessThanOrEqual(4);
  });

  test('many watches of a chain are one poll, and polls do not overlap', async () => {
    const client = clientOf(NOBODY);
    const owners = await Promise.all(Array.from({ length: 5 }, () => chain.newWallet()));
    let underWay = 0;
    let most = 0;
    node.fault = async (_, ask) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 150));
      const answer = await ask();
      underWay -= 1;
      return answer;
    };
    const watches = owners.map((one) => new Told(client, { owner: one }));
    for (const told of watches) await told.becomes('live', 'rpc');
    node.reset();
    await mint(chain, gold, owners[0] ?? owner, 4n);
    await eventually(() => expect(watches[0]?.amount(gold)).toBe(4n));
    const { number } = await chain.head();
    for (const told of watches)
      await eventually(() => expect(told.latest?.block?.number).toBe(BigInt(number)));
    expect(node.count('eth_call')).toBe(1);
    expect(most).toBe(1);
  });
});

describe('nothing is left running', () => {
  test('when nobody watches any more, or the client is disposed of', async () => {
    const client = clientOf(NOBODY);
    const [one, two] = [new Told(client), new Told(client)];
    await one.becomes('live', 'rpc');
    await two.becomes('live', 'rpc');
    one.stop();
    const heard = one.states.length;
    await mint(chain, gold, owner, 1n);
    await eventually(() => expect(two.amount(gold)).toBe(1n));
    expect(one.states).toHaveLength(heard);
    two.stop();
    await manyPolls();
    node.reset();
    await manyPolls();
    expect(requests()).toBe(0);

    const again = new Told(client);
    await again.becomes('live', 'rpc');
    client.dispose();
    await manyPolls();
    node.reset();
    await manyPolls();
    expect(requests()).toBe(0);
  });
});

describe('whose clients are taken', () => {
  test('those of any chain, batching or not', () => {
    const clients = [
      createPublicClient({ chain: mainnet, transport: http() }),
      createPublicClient({ chain: arbitrum, transport: http(), batch: { multicall: true } }),
      createPublicClient({ chain: optimism, transport: http() }),
    ];
    expectTypeOf(clients).items.toExtend<RpcClient>();
    expectTypeOf<PublicClient>().toExtend<RpcClient>();
    expect(() => directRpc(clients)).not.toThrow();
  });

  test('but none without a chain', () => {
    const chainless = createPublicClient({ transport: http(NOBODY) });
    expect(() => directRpc(chainless)).toThrow(TypeError);
  });

  test('one that batches reads of its own reads the same', async () => {
    const batching = createPublicClient({
      chain: viemClient(chain, node).chain,
      transport: http(node.url, { retryCount: 0 }),
      batch: { multicall: true },
    });
    const broken = await deploy(chain, 'RevertingToken');
    await mint(chain, gold, owner, 8n);
    const told = new Told(clientOf(NOBODY, batching), { customTokens: [broken, gold] });
    await told.becomes('live', 'rpc');
    expect(told.latest?.balances.get(broken)?.status).toBe('UNREADABLE');
    await told.agrees();
    node.refuses = true;
    await told.becomes('stale', 'rpc');
  });
});
